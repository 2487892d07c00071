lr = 0.1
print "hello"
