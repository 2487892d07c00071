# Becomes the user's program: runs it in this very module, so nothing here may leave a name behind.
try:
    __import__("sys").path.insert(0, __file__.rpartition("/")[0])
    __import__("guild_shim").runner(globals())(__import__("guild_shim").program.operand)
except BaseException:
    __import__("guild_shim").hide_frames()
    raise
