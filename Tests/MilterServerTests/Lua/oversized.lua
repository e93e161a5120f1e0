dofile(directory .. "/common.lua")
local conn = open("lua-oversized")
envelope(conn, "plain")
-- miltertest itself dies of one field beyond its buffer; MilterServerTests sends that one.
must(mt.header(conn, "X-Big", " " .. string.rep("x", 900)), "big header")
for i = 1, 200 do must(mt.header(conn, "X-Many", " " .. string.rep("y", 900)), "many headers") end
finish(conn)
mt.disconnect(conn)
