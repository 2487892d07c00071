lr = 0.1
name = "größe"
