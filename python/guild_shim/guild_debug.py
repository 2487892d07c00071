# Becomes the user's program under a debugger: nothing here may leave a name behind.
try:
    __import__("sys").path.insert(0, __file__.rpartition("/")[0])
    __import__("guild_debugger").run(globals())
except BaseException:
    __import__("guild_shim").hide_frames()
    raise
