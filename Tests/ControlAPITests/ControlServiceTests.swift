import Foundation
import Guard
import HTTPTypes
import Testing

@testable import ControlAPI

@Suite struct ControlServiceTests {
    @Test func healthAndDescription() async throws {
        let fixture = try ControlFixture()
        #expect(await fixture.get("/health").text == #"{"status":"ok"}"#)
        let document = await fixture.get("/openapi.yaml")
        #expect(document.reply.fields[.contentType] == "application/yaml")
        #expect(document.text.hasPrefix("openapi: 3.1.0\n"))
    }

    @Test func everyOperationOfTheDescriptionHasARow() async throws {
        let fixture = try ControlFixture()
        let document = await fixture.get("/openapi.yaml").text
        let described = document.split(separator: "\n").filter { $0.hasPrefix("      operationId: ") }
            .map { String($0.dropFirst("      operationId: ".count)) }
        var seen: [String] = []
        for operation in Operations.all where !seen.contains(operation.id) { seen.append(operation.id) }
        #expect(seen == described)
    }

    @Test func whatDoesNotExistSaysSo() async throws {
        let fixture = try ControlFixture()
        let path = await fixture.get("/oxguard/nothing?action=login")
        #expect(path.status == 404 && path.code == "GRD-REQ-0006")
        for target in ["/oxguard/keys?action=nothing", "/oxguard/keys", "/oxguard/keys?action=getKeys&action=create"] {
            let action = await fixture.get(target)
            #expect(action.status == 400 && action.code == "GRD-REQ-0002")
        }
        let method = await fixture.post("/oxguard/keys?action=getKeys")
        #expect(method.status == 405 && method.code == "GRD-REQ-0007" && method.reply.fields[.allow] == "GET")
        #expect(await fixture.get("/guardsupport/exposed/").status == 404)
        // Encoded or not, an action is the same.
        #expect(await fixture.get("/guardsupport/?action=expose%5Fkey").status == 401)
        #expect(await fixture.get("/guardsupport/?action=expose%5").code == "GRD-REQ-0002")
    }

    @Test func errorsComeInTheLanguageOfTheCaller() async throws {
        let fixture = try ControlFixture()
        let english = await fixture.get("/oxguard/keys?action=getKeys&session=x")
        #expect(english.status == 200 && english.code == "GRD-AUTH-0001")
        #expect(english.json?["error"]?.text == "The session has ended. Please log in again.")
        #expect(english.json?["category"] == .integer(4) && english.json?["categories"]?.text == "TRY_AGAIN")
        #expect(english.json?["data"] == nil && english.json?["error_params"] == .array([]))
        let german = await fixture.get(
            "/oxguard/keys?action=getKeys&session=x", fields: [.acceptLanguage: "fr, de-AT;q=0.9, en;q=0.1"])
        #expect(german.json?["error"]?.text == "Die Sitzung ist beendet. Bitte melden Sie sich neu an.")
        #expect(german.json?["error_desc"]?.text == english.json?["error_desc"]?.text)
        #expect(german.json?["error_id"] != english.json?["error_id"])
        let wish = await fixture.get("/oxguard/keys?action=getKeys&session=x&lang=de_DE")
        #expect(wish.json?["error"] == german.json?["error"])
    }

    @Test func sessionsAndSecretsAreChecked() async throws {
        let fixture = try ControlFixture()
        let missing = await fixture.get("/oxguard/keys?action=getKeys")
        #expect(missing.status == 400 && missing.code == "GRD-REQ-0001")
        let secret = await fixture.post("/oxguard/keys?action=create&session=x&password=hunter2")
        #expect(secret.status == 400 && secret.code == "GRD-REQ-0003")
        #expect(!secret.text.contains("hunter2"))
        let type = await fixture.get("/oxguard/login?action=secondary&session=x&type=GPG")
        #expect(type.code == "GRD-AUTH-0001")
    }

    @Test func basicCredentialsOpenTheirModuleOnly() async throws {
        let (secret, line) = try BasicCredentials.generate(name: "desk")
        var options = ControlOptions()
        options.supportCredentials = BasicCredentials.parse("# who\n\n\(line)\n").credentials
        options.mailUsers = [7]
        let fixture = try ControlFixture(options: options)
        func field(_ text: String) -> HTTPFields {
            [.authorization: "Basic " + Data(text.utf8).base64EncodedString()]
        }
        let none = await fixture.post("/guardsupport/?action=remove_pin")
        #expect(none.status == 401 && none.code == "GRD-AUTH-0006")
        #expect(none.reply.fields[.wwwAuthenticate]?.hasPrefix("Basic ") == true)
        #expect(await fixture.post("/guardsupport/?action=remove_pin", fields: field("desk:wrong")).status == 401)
        #expect(await fixture.post("/guardsupport/?action=remove_pin", fields: field("other:\(secret)")).status == 401)
        #expect(await fixture.post("/oxguard/mail?action=verify", fields: field("desk:\(secret)")).status == 401)
        #expect(await fixture.post("/guardsupport/?action=remove_pin", fields: field("desk:\(secret)")).status != 401)
        let peer = Peer.local(user: 7, group: 7, process: 1)
        #expect(await fixture.post("/oxguard/mail?action=verify", peer: peer).status != 401)
        #expect(await fixture.post("/guardsupport/?action=remove_pin", peer: peer).status == 401)
    }

    @Test func largeBodiesAreRefused() async throws {
        var options = ControlOptions()
        options.maximumBody = 100
        let fixture = try ControlFixture(options: options)
        let reply = await fixture.post(
            "/oxguard/keys?action=create&session=x", form: ["name": String(repeating: "x", count: 200)])
        #expect(reply.status == 413 && reply.code == "GRD-REQ-0005")
        options.bodyBudget = 10
        let small = try ControlFixture(options: options)
        let busy = await small.post(
            "/oxguard/keys?action=create&session=x", form: ["name": String(repeating: "x", count: 50)])
        #expect(busy.status == 429 && busy.code == "GRD-SRV-0001" && busy.reply.fields[.retryAfter] != nil)
    }
}

@Suite struct ErrorTextsTests {
    @Test func everyCodeHasATextInEveryLanguage() {
        for language in Language.allCases {
            let texts = GuardErrorCode.allCases.map { ErrorTexts.text($0, language) }
            #expect(Set(texts).count == texts.count)
            #expect(texts.allSatisfy { $0.hasSuffix(".") && !$0.contains("\n") })
        }
    }
}

@Suite struct ControlSessionTests {
    @Test func trustedPeersOpenSessionsOfAnyMailbox() async throws {
        var options = ControlOptions()
        options.trustedUsers = [33]
        let fixture = try ControlFixture(options: options)
        let body = #"{"email":"alice@example.org"}"#
        let peer = Peer.local(user: 33, group: 33, process: 1)
        let opened = await fixture.post("/guardd/session?action=open", json: body, peer: peer)
        let session = try #require(opened.json?["data"]?["session"]?.text)
        #expect(session.utf8.count == 43)
        #expect(opened.json?["data"]?["guest"] == .bool(false))
        let closed = await fixture.post("/guardd/session?action=close&session=\(session)")
        #expect(closed.status == 200 && closed.text == "{}")
        #expect(await fixture.post("/guardd/session?action=close&session=\(session)").code == "GRD-AUTH-0001")
        for other in [Peer.local(user: 34, group: 33, process: 1), .network("192.0.2.1"), .unknown] {
            let reply = await fixture.post("/guardd/session?action=open", json: body, peer: other)
            #expect(reply.code == "GRD-AUTH-0002")
        }
    }

    @Test func clientsWithCredentialsAreTrusted() async throws {
        let (secret, line) = try BasicCredentials.generate(name: "webmail")
        var options = ControlOptions()
        options.clientCredentials = BasicCredentials.parse(line).credentials
        let fixture = try ControlFixture(options: options)
        for (text, isRight) in [("webmail:\(secret)", true), ("webmail:x", false), ("", false)] {
            let fields: HTTPFields = [.authorization: "Basic " + Data(text.utf8).base64EncodedString()]
            let reply = await fixture.post(
                "/guardd/session?action=open", json: #"{"email":"a@example.org"}"#, fields: fields)
            #expect((reply.code == nil) == isRight)
        }
    }
}
