-- Shared by the scripts of miltertest; `socket` and `directory` come with -D. miltertest does not print an error itself.
function fail(text)
    mt.echo(text)
    error(text)
end

function must(result, what)
    if result ~= nil then fail(what .. ": " .. tostring(result)) end
end

function expect(conn, wanted, what)
    local got = mt.getreply(conn)
    if got ~= wanted then
        fail(what .. ": got " .. string.char(got) .. ", wanted " .. string.char(wanted))
    end
end

function open(host)
    local conn = mt.connect(socket, 20, 0.1)
    if conn == nil then fail("cannot connect to " .. socket) end
    must(mt.negotiate(conn, nil, nil, nil), "negotiate")
    if mt.test_action(conn, SMFIF_QUARANTINE) then fail("asked for quarantine") end
    if not mt.test_action(conn, SMFIF_CHGBODY) then fail("did not ask to change the body") end
    must(mt.conninfo(conn, host, "192.0.2.7"), "conninfo")
    return conn
end

function envelope(conn, behaviour)
    mt.macro(conn, SMFIC_MAIL, "i", "LUA1")
    must(mt.mailfrom(conn, "<" .. behaviour .. "@a.test>"), "mailfrom")
    expect(conn, SMFIR_CONTINUE, "mailfrom")
    must(mt.rcptto(conn, "<r@b.test>"), "rcptto")
    expect(conn, SMFIR_CONTINUE, "rcptto")
    if not mt.test_option(conn, SMFIP_NODATA) then fail("asked for DATA on a unix socket") end
    must(mt.header(conn, "Subject", " hello"), "header")
    must(mt.header(conn, "From", " <s@a.test>"), "header")
end

function finish(conn)
    must(mt.eoh(conn), "eoh")
    expect(conn, SMFIR_CONTINUE, "eoh")
    must(mt.bodystring(conn, "one\r\ntwo\r\n"), "body")
    must(mt.eom(conn), "eom")
    expect(conn, SMFIR_CONTINUE, "eom")
end
