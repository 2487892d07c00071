# -*- coding: latin-1 -*-
name = "größe"
n = 1
