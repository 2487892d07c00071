#!/usr/bin/env python
# nothing here
