lr = 0.1
def f():
return 1
