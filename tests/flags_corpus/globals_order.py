x = 1
x = 2
y = x
y = 5
a = b = c = 3
d = 1; e = 2
f = g = [1]
m = n = None
(h) = 4
