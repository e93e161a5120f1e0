import Guard

/// What people read when something is refused, in every language.
enum ErrorTexts {
    static func text(_ code: GuardErrorCode, _ language: Language) -> String {
        switch language {
        case .english: english(code)
        case .german: german(code)
        }
    }

    private static func english(_ code: GuardErrorCode) -> String {
        switch code {
        case .nothingEncrypted: "There is nothing encrypted in this."
        case .privateKeyMissing: "The private key for this is missing."
        case .badPassword: "The password is wrong."
        case .nothingSigned: "There is no signature in this."
        case .inputOutput: "Reading or writing failed."
        case .cryptoFailed: "The cryptographic operation failed."
        case .noPrimaryKey: "The key ring has no primary key."
        case .sessionInvalid: "The session has ended. Please log in again."
        case .credentialsRefused: "The login data are wrong."
        case .lockedOut: "There were too many wrong passwords. Please try again later."
        case .tokenInvalid: "The permission has expired. Please enter your password again."
        case .passwordPolicy: "The password does not meet the rules. Please choose a longer one."
        case .notAllowed: "You may not do this."
        case .keyNotFound: "There is no such key."
        case .notOwner: "The key belongs to somebody else."
        case .deleteForbidden: "Private keys may not be deleted here. You can revoke the key."
        case .noMatchingUserID: "The key does not name your address."
        case .keyTooLarge: "The key is too large."
        case .keyUnreadable: "The key cannot be read."
        case .keyNotUsable: "The key cannot be used for this."
        case .autocryptRefused: "The key in the Autocrypt header cannot be imported."
        case .recoveryDisabled: "The recovery of passwords is switched off."
        case .noRecoveryMaterial: "The password cannot be recovered."
        case .mailNotSent: "The mail could not be sent. Please try again later."
        case .certificateNotFound: "There is no such certificate."
        case .chainInvalid: "The certificate was not issued by a trusted authority."
        case .pkiNotConfigured: "Certificates are not issued here."
        case .certificateUnreadable: "The certificate cannot be read."
        case .certificateAmbiguous: "Several certificates have this serial number."
        case .pkiFailed: "The certificate could not be issued. Please try again later."
        case .guestsNotAllowed: "Guests are not allowed here."
        case .guestRefused: "The data are wrong or have expired."
        case .notMIME: "This is no mail message."
        case .recipientWithoutKey: "There is no key for at least one recipient."
        case .mailTooLarge: "The message is too large."
        case .missingParameter: "Something is missing in the request."
        case .unknownAction: "This action does not exist."
        case .secretInQuery: "A password was sent in the address of the request. Please change it."
        case .badParameter: "Something in the request is wrong."
        case .bodyTooLarge: "The request is too large."
        case .unknownModule: "This address does not exist."
        case .methodNotAllowed: "The request was sent in a wrong way."
        case .busy: "There is too much to do. Please try again soon."
        case .unavailable: "The service is not available. Please try again later."
        case .internalFailure: "Something went wrong. Please tell your administrator."
        }
    }

    private static func german(_ code: GuardErrorCode) -> String {
        switch code {
        case .nothingEncrypted: "Hier ist nichts verschlüsselt."
        case .privateKeyMissing: "Der private Schlüssel dafür fehlt."
        case .badPassword: "Das Passwort ist falsch."
        case .nothingSigned: "Hier ist keine Signatur."
        case .inputOutput: "Lesen oder Schreiben ist fehlgeschlagen."
        case .cryptoFailed: "Die kryptografische Operation ist fehlgeschlagen."
        case .noPrimaryKey: "Der Schlüsselring hat keinen Hauptschlüssel."
        case .sessionInvalid: "Die Sitzung ist beendet. Bitte melden Sie sich neu an."
        case .credentialsRefused: "Die Anmeldedaten sind falsch."
        case .lockedOut: "Es gab zu viele falsche Passwörter. Bitte versuchen Sie es später wieder."
        case .tokenInvalid: "Die Berechtigung ist abgelaufen. Bitte geben Sie Ihr Passwort neu ein."
        case .passwordPolicy: "Das Passwort erfüllt die Regeln nicht. Bitte wählen Sie ein längeres."
        case .notAllowed: "Das dürfen Sie nicht."
        case .keyNotFound: "Diesen Schlüssel gibt es nicht."
        case .notOwner: "Der Schlüssel gehört jemand anderem."
        case .deleteForbidden:
            "Private Schlüssel dürfen hier nicht gelöscht werden. Sie können den Schlüssel widerrufen."
        case .noMatchingUserID: "Der Schlüssel nennt Ihre Adresse nicht."
        case .keyTooLarge: "Der Schlüssel ist zu groß."
        case .keyUnreadable: "Der Schlüssel ist nicht lesbar."
        case .keyNotUsable: "Der Schlüssel kann dafür nicht verwendet werden."
        case .autocryptRefused: "Der Schlüssel im Autocrypt-Feld kann nicht übernommen werden."
        case .recoveryDisabled: "Das Zurücksetzen von Passwörtern ist abgeschaltet."
        case .noRecoveryMaterial: "Das Passwort kann nicht zurückgesetzt werden."
        case .mailNotSent: "Die Nachricht konnte nicht gesendet werden. Bitte versuchen Sie es später wieder."
        case .certificateNotFound: "Dieses Zertifikat gibt es nicht."
        case .chainInvalid: "Das Zertifikat stammt von keiner vertrauten Stelle."
        case .pkiNotConfigured: "Hier werden keine Zertifikate ausgestellt."
        case .certificateUnreadable: "Das Zertifikat ist nicht lesbar."
        case .certificateAmbiguous: "Mehrere Zertifikate haben diese Seriennummer."
        case .pkiFailed: "Das Zertifikat konnte nicht ausgestellt werden. Bitte versuchen Sie es später wieder."
        case .guestsNotAllowed: "Gäste sind hier nicht erlaubt."
        case .guestRefused: "Die Angaben sind falsch oder abgelaufen."
        case .notMIME: "Das ist keine Mail."
        case .recipientWithoutKey: "Für mindestens einen Empfänger gibt es keinen Schlüssel."
        case .mailTooLarge: "Die Nachricht ist zu groß."
        case .missingParameter: "In der Anfrage fehlt etwas."
        case .unknownAction: "Diese Aktion gibt es nicht."
        case .secretInQuery: "Ein Passwort stand in der Adresse der Anfrage. Bitte ändern Sie es."
        case .badParameter: "Etwas in der Anfrage ist falsch."
        case .bodyTooLarge: "Die Anfrage ist zu groß."
        case .unknownModule: "Diese Adresse gibt es nicht."
        case .methodNotAllowed: "Die Anfrage wurde auf falsche Weise gesendet."
        case .busy: "Es ist zu viel zu tun. Bitte versuchen Sie es bald wieder."
        case .unavailable: "Der Dienst ist nicht erreichbar. Bitte versuchen Sie es später wieder."
        case .internalFailure: "Etwas ist schiefgegangen. Bitte melden Sie das Ihrem Administrator."
        }
    }
}
