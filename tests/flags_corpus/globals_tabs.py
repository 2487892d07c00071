lr = 0.1
if True:
	epochs = 3
	if lr:
	        batch = 4
def f():
	return 1
name = "t	ab"
