import argparse
x = 'a' * 100000
x = x + x + x + x
x = [x] * 5000
y = [[i for j in range(2000)] for i in range(2000)]
z = {i: [i] * 100 for i in range(2000)}
for a in range(2000):
    for b in range(2000):
        x = a * b
p = argparse.ArgumentParser()
class A(A): pass
class B:
    pass
B.x = B
p.add_argument('--y', default=y)
p.parse_args()


