# DOS file
lr = 0.1
name = "x"
text = """a
b"""
lst = [1,
  2]
