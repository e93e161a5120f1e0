dofile(directory .. "/common.lua")
local conn = open("lua-aborted")
envelope(conn, "rewrite")
must(mt.abort(conn), "abort")
envelope(conn, "plain")
finish(conn)
if mt.eom_check(conn, MT_BODYCHANGE) then fail("the aborted message changed the next") end
mt.disconnect(conn)
