/// The texts that are there without any file, in English and German.
enum BuiltInTemplates {
    static func text(_ kind: MailKind, isGerman: Bool) -> String {
        switch (kind, isGerman) {
        case (.reset, false):
            """
            Subject: Your new {{product}} password

            Hello,

            somebody, most likely you, has asked for a new {{product}} password for {{address}}.
            It is:

            {{password}}

            Please log in with it and change it at once. If you did not ask for it, tell your administrator.
            """
        case (.reset, true):
            """
            Subject: Ihr neues Passwort für {{product}}

            Guten Tag,

            für {{address}} wurde, vermutlich von Ihnen, ein neues Passwort für {{product}} angefordert.
            Es lautet:

            {{password}}

            Bitte melden Sie sich damit an und ändern Sie es sofort. Haben Sie es nicht angefordert, dann benachrichtigen
            Sie bitte Ihren Administrator.
            """
        case (.guest, false):
            """
            Subject: An encrypted message from {{sender}}

            Hello,

            {{sender}} has sent you an encrypted message. To read it, follow this link and choose a password. It can be
            used once, within {{hours}} hours:

            {{link}}

            If the page asks for a PIN, {{sender}} has it and will tell you in another way. The message then comes to
            {{address}}, encrypted to the key that the page makes for you.
            """
        case (.guest, true):
            """
            Subject: Eine verschlüsselte Nachricht von {{sender}}

            Guten Tag,

            {{sender}} hat Ihnen eine verschlüsselte Nachricht gesendet. Um sie zu lesen, folgen Sie bitte diesem Link und
            wählen Sie ein Passwort. Er gilt einmal und {{hours}} Stunden lang:

            {{link}}

            Wenn die Seite nach einer PIN fragt: {{sender}} kennt sie und teilt sie Ihnen auf anderem Weg mit. Danach kommt
            die Nachricht an {{address}}, verschlüsselt für den Schlüssel, den die Seite für Sie anlegt.
            """
        case (.guestPIN, false):
            """
            Subject: PIN for {{address}}

            Hello,

            {{address}} has no key yet and is being asked to choose a password before your encrypted message is delivered.
            For that they need this PIN:

            {{pin}}

            Please tell them by telephone or in person, not by mail.
            """
        case (.guestPIN, true):
            """
            Subject: PIN für {{address}}

            Guten Tag,

            {{address}} hat noch keinen Schlüssel und wird gebeten, ein Passwort zu wählen; dann wird Ihre verschlüsselte
            Nachricht zugestellt. Dazu ist diese PIN nötig:

            {{pin}}

            Bitte teilen Sie sie telefonisch oder persönlich mit, nicht per E-Mail.
            """
        case (.guestReset, false):
            """
            Subject: Begin anew with {{product}}

            Hello,

            somebody, most likely you, has asked to begin anew with {{product}} for {{address}}. With this link, once and
            within {{hours}} hours, you can choose a new password:

            {{link}}

            You get a new key with it; messages that were encrypted to the old one stay unreadable. If you did not ask for
            this, ignore this message: nothing changes.
            """
        case (.guestReset, true):
            """
            Subject: Neu beginnen mit {{product}}

            Guten Tag,

            für {{address}} wurde, vermutlich von Ihnen, ein Neubeginn mit {{product}} angefordert. Mit diesem Link können
            Sie einmal und {{hours}} Stunden lang ein neues Passwort wählen:

            {{link}}

            Damit erhalten Sie einen neuen Schlüssel; Nachrichten, die für den alten verschlüsselt wurden, bleiben
            unlesbar. Haben Sie das nicht angefordert, dann tun Sie nichts: es ändert sich nichts.
            """
        }
    }
}
