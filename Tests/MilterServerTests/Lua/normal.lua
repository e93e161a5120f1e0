dofile(directory .. "/common.lua")
local conn = open("lua-normal")
envelope(conn, "small-rewrite")
finish(conn)
if not mt.eom_check(conn, MT_HDRINSERT, "Authentication-Results", " first", 0) then fail("no result inserted") end
if not mt.eom_check(conn, MT_HDRADD, "X-Last", "tight") then fail("no header added") end
if not mt.eom_check(conn, MT_HDRDELETE, "Subject") then fail("no header deleted") end
if not mt.eom_check(conn, MT_BODYCHANGE) then fail("body not replaced") end
if mt.eom_check(conn, MT_QUARANTINE) then fail("quarantined") end
mt.disconnect(conn)
