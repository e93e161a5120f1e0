import TestSupport
import Testing

extension Integration {
    /// The last step with the services that the project ships: ways out of Postfix on which mail meets no other filter, or not
    /// with the recipient that it has in the end.
    @Suite struct LastStepTests {
        let lab: LastStepLab
        init() throws {
            lab = try LastStepLab.shared.get()
            if lab.guardd.process?.isRunning != true { try lab.guardd.start() }
            lab.outside.clear()
        }

        /// As written in etc/postfix/master.cf.assert: mail goes round once, and out to where its domain says.
        @Test func theShippedServicesWork() throws {
            #expect(try lab.hand("in", "free", to: [LastStepLab.free]).isPositive)
            #expect(try lab.hand("out", "kept", to: [LastStepLab.keeper]).isPositive)
            // One recipient at a time: who may have it gets it whatever becomes of the others.
            #expect(
                try lab.hand("in", "both", to: [LastStepLab.stranger, LastStepLab.free, LastStepLab.keeper]).isPositive)
            try lab.settle()
            #expect(lab.readers("free") == [LastStepLab.free])
            let kept = lab.outside.messages.filter { $0.text.contains("<kept>") }
            #expect(kept.count == 1 && kept.allSatisfy { CopyReader.form($0) == .openpgp })
            #expect(Set(lab.readers("both")) == [LastStepLab.free])
            let both = lab.outside.messages.filter { $0.text.contains("<both>") && !$0.sender.isEmpty }
            #expect(both.flatMap(\.recipients) == [LastStepLab.free])
            // Its sender knows.
            let notices = lab.outside.messages.filter { $0.sender.isEmpty && $0.text.contains("<both>") }
            #expect(
                notices.contains { $0.text.contains(LastStepLab.stranger) && $0.text.contains("requires encryption") })
            #expect(notices.contains { $0.text.contains(LastStepLab.keeper) })
        }

        /// A user's `.forward` and an alias of local(8): the recipient is known only after delivery began.
        @Test func whatAUserForwardsStaysHere() throws {
            try lab.forward("nobody", to: [LastStepLab.stranger, LastStepLab.free])
            for (id, to) in [("forwarded", "nobody@local.test"), ("extended", "nobody+list@local.test")] {
                #expect(try lab.hand("out", id, to: [to]).isPositive == false, "required, and nobody has a key")
                #expect(try lab.hand("in", id, to: [to]).isPositive)
            }
            #expect(try lab.hand("in", "team", to: ["team@local.test"]).isPositive)
            try lab.settle()
            for id in ["forwarded", "extended"] { #expect(Set(lab.readers(id)) == [LastStepLab.free], "\(id)") }
            // The return to the sender is all that anybody hears of it.
            #expect(Set(lab.readers("team")).isSubset(of: [LastStepLab.free]))
            #expect(!lab.outside.messages.contains { $0.recipients.contains(LastStepLab.stranger) })
            #expect(lab.guardd.log.contains("plan=assert"))
        }

        /// `postsuper -r` hands mail in anew, from this machine and past smtpd's filters, the one behind the queue too.
        @Test func whatIsRequeuedMeetsTheLastStep() throws {
            lab.guardd.killNow()
            for service in ["in", "after"] {
                for to in [LastStepLab.stranger, LastStepLab.free] {
                    #expect(try lab.hand(service, "requeued.\(service)", to: [to]).isPositive)
                }
            }
            #expect(try lab.postfix.queueLength() == 4)
            try lab.postfix.requeue()
            try lab.guardd.start()
            try lab.postfix.flush()
            try lab.settle()
            for service in ["in", "after"] {
                #expect(Set(lab.readers("requeued.\(service)")) == [LastStepLab.free])
                #expect(
                    lab.outside.messages.count { $0.text.contains("<requeued.\(service)>") && !$0.sender.isEmpty } == 1)
            }
        }

        /// What was protected stays so, and comes once.
        @Test func protectedMailMayBeRequeued() throws {
            let proxy = lab.guardd
            #expect(try lab.hand("out", "again", to: [LastStepLab.keeper]).isPositive)
            proxy.killNow()
            #expect(try lab.hand("in", "held", to: [LastStepLab.stranger]).isPositive)
            try lab.postfix.requeue()
            try proxy.start()
            try lab.postfix.flush()
            try lab.settle()
            let copies = lab.outside.messages.filter { $0.text.contains("<again>") }
            #expect(copies.count == 1 && copies.allSatisfy { CopyReader.form($0) == .openpgp })
            #expect(Set(lab.readers("held")).isSubset(of: [LastStepLab.free]))
        }

        /// Mail that waited for too long goes back, with its text in it, to somebody whose mail has to be encrypted.
        @Test func whatExpiresStaysHere() throws {
            try lab.postfix.change(["maximal_queue_lifetime": "0", "bounce_queue_lifetime": "0"])
            defer { try? lab.postfix.change(["maximal_queue_lifetime": "5d", "bounce_queue_lifetime": "5d"]) }
            #expect(try lab.hand("in", "late", from: LastStepLab.stranger, to: [LastStepLab.busy]).isPositive)
            #expect(try lab.hand("in", "late.free", from: LastStepLab.free, to: [LastStepLab.busy]).isPositive)
            try lab.settle()
            #expect(lab.readers("late").isEmpty)
            #expect(!lab.outside.messages.contains { $0.recipients.contains(LastStepLab.stranger) })
            #expect(Set(lab.readers("late.free")) == [LastStepLab.free], "who may read it gets it back")
            // The last step itself away: nothing takes another way.
            lab.guardd.killNow()
            #expect(try lab.hand("in", "dead", from: LastStepLab.stranger, to: [LastStepLab.keeper]).isPositive)
            try lab.settle()
            try lab.guardd.start()
            #expect(lab.readers("dead").isEmpty)
        }
    }
}
