import HTTPTypes

/// The routing table, in the order of the API's description. What `acceptAlso` there lists is accepted too.
enum Operations {
    static let all: [Operation] = [
        Operation("loginForGuardToken", "/oxguard/login", "login", [.post], .session, .password, login),
        Operation("destroyGuardSessions", "/oxguard/login", "logout", [.get], .session, .quick, logout),
        Operation("loginGuest", "/oxguard/login", "guest", [.post], .open, .password, loginGuest),
        Operation(
            "changeCurrentKeyPassword", "/oxguard/login", "changepass", [.post], .session, .password, changePassword),
        Operation("getSecondaryEmail", "/oxguard/login", "secondary", [.get], .session, .quick, secondary),
        Operation(
            "setSecondaryEmail", "/oxguard/login", "changesecondary", [.post], .session, .password, changeSecondary),
        Operation("resetKeyPassword", "/oxguard/login", "reset", [.post, .get], .session, .password, mailNewPassword),
        Operation(
            "deletePasswordRecovery", "/oxguard/login", "deleterecovery", [.post], .session, .password, deleteRecovery),

        Operation("checkUserHasPgpKeys", "/oxguard/keys", "hasKeys", [.get], .session, .quick, hasKeys),
        Operation("createPgpKeyRing", "/oxguard/keys", "create", [.post], .session, .generation, createKey),
        Operation(
            "deletePgpKeyRing", "/oxguard/keys", "delete", [.post, .put, .delete], .session, .password, deleteKey),
        Operation("getContactPublicKeyRings", "/oxguard/keys", "getContactKeys", [.get], .session, .quick, contactKeys),
        Operation("listOwnPgpKeyRings", "/oxguard/keys", "getKeys", [.get], .session, .quick, keys),
        Operation("getOwnPgpKeyRing", "/oxguard/keys", "getKey", [.post, .get], .session, .password, key),
        Operation(
            "downloadArmoredKeyRing", "/oxguard/keys", "downloadKey", [.post, .get], .session, .password, downloadKey),
        Operation("uploadOwnKeyRing", "/oxguard/keys", "upload", [.post], .session, .password, uploadKey),
        Operation(
            "uploadExternalPublicKeyRing", "/oxguard/keys", "uploadExternalPublicKey", [.post], .session, .quick,
            uploadExternalKey),
        Operation(
            "listExternalPublicKeyRings", "/oxguard/keys", "getExternalPublicKeys", [.get], .session, .quick,
            externalKeys),
        Operation(
            "setExternalKeyInlineFlag", "/oxguard/keys", "inlineExternalPublicKey", [.post, .put], .session, .quick,
            inlineExternalKey),
        Operation(
            "setExternalKeyShareFlag", "/oxguard/keys", "shareExternalPublicKey", [.post, .put], .session, .quick,
            shareExternalKey),
        Operation(
            "deleteExternalPublicKeyRing", "/oxguard/keys", "deleteExternalPublicKey", [.post, .put, .delete], .session,
            .quick, deleteExternalKey),
        Operation("addUserIdToKeyRing", "/oxguard/keys", "addUserId", [.post, .put], .session, .password, addUserID),
        Operation(
            "setCurrentPgpKeyRing", "/oxguard/keys", "setCurrentKey", [.post, .put], .session, .quick, setCurrentKey),
        Operation("revokeKey", "/oxguard/keys", "revoke", [.post], .session, .password, revokeKey),
        Operation("lookupRecipientKey", "/oxguard/keys", "getRecipKey", [.get], .session, .quick, recipientKey),
        Operation("listKeySignatures", "/oxguard/keys", "getSignatures", [.get], .session, .quick, keySignatures),
        Operation(
            "importAutocryptHeader", "/oxguard/keys", "importAutocrypt", [.post], .session, .quick, importAutocrypt),
        Operation(
            "setAutocryptKeyVerified", "/oxguard/keys", "verifyAutocrypt", [.post, .put], .session, .quick,
            verifyAutocrypt),

        Operation(
            "checkUserHasCertificates", "/oxguard/certificates", "hasCertificates", [.get], .session, .quick,
            hasCertificates),
        Operation(
            "deleteOwnCertificate", "/oxguard/certificates", "delete", [.post, .put, .delete], .session, .password,
            deleteCertificate),
        Operation(
            "listOwnCertificates", "/oxguard/certificates", "getCertificates", [.get], .session, .quick, certificates),
        Operation(
            "setCurrentCertificate", "/oxguard/certificates", "setCurrent", [.post, .put], .session, .quick,
            setCurrentCertificate),
        Operation(
            "lookupRecipientCertificate", "/oxguard/certificates", "getRecipCertificate", [.get], .session, .quick,
            recipientCertificate),
        Operation(
            "uploadOwnCertificate", "/oxguard/certificates", "upload", [.post], .session, .password, uploadCertificate),
        Operation(
            "uploadRecipientCertificate", "/oxguard/certificates", "uploadPublic", [.post], .session, .quick,
            uploadRecipientCertificate),
        Operation(
            "checkCertificateCreationAvailable", "/oxguard/certificates", "checkCreate", [.get], .session, .quick,
            checkCreateCertificate),
        Operation(
            "createCertificateFromPki", "/oxguard/certificates", "create", [.post], .session, .generation,
            createCertificate),

        Operation(
            "assignFirstGuestPassword", "/oxguard/guest", "firstpass", [.post], .open, .generation, firstGuestPassword),
        Operation(
            "requestGuestPasswordReset", "/oxguard/guest", "resetpassword", [.post, .get], .open, .password,
            resetGuestPassword),
        Operation(
            "completeGuestAccountReset", "/oxguard/guest", "doresetaccount", [.post], .open, .generation,
            completeGuestReset),
        Operation(
            "changeGuestPassword", "/oxguard/guest", "changepass", [.post], .open, .password, changeGuestPassword),

        Operation("getSessionAuthToken", "/oxguard/auth", "check", [.get], .session, .quick, checkToken),
        Operation("loginAndAttachAuthToken", "/oxguard/auth", "login", [.post], .session, .password, loginToken),
        Operation("attachAuthTokenToSession", "/oxguard/auth", "save", [.post, .put], .session, .quick, saveToken),

        Operation("verifyPgpMail", "/oxguard/pgpmail", "verify", [.post], .mail, .quick, verifyPGPMail),
        Operation("encryptPgpMailForUser", "/oxguard/pgpmail", "encrypt", [.post], .mail, .quick, encryptPGPMail),
        Operation("verifyMail", "/oxguard/mail", "verify", [.post], .mail, .quick, verifyMail),
        Operation("encryptMail", "/oxguard/mail", "encrypt", [.post], .mail, .quick, encryptMail),

        Operation(
            "supportDeleteUserKeys", "/guardsupport", "delete_user", [.post, .get], .support, .quick, deleteUser),
        Operation(
            "supportExposeDeletedKeys", "/guardsupport", "expose_key", [.post, .get], .support, .quick, exposeKey),
        Operation("supportRemoveGuestPin", "/guardsupport", "remove_pin", [.post, .get], .support, .quick, removePIN),
        Operation(
            "supportResetPassword", "/guardsupport", "reset_password", [.post, .get], .support, .password,
            supportResetPassword),
        Operation(
            "supportUpgradeGuest", "/guardsupport", "upgrade_guest", [.post, .get], .support, .quick, upgradeGuest),
        Operation(
            "downloadExposedKeys", "/guardsupport/exposed/{token}", nil, [.post, .get], .open, .password, exposedKeys),

        Operation("hkpLookup", "/pgp/lookup", nil, [.get], .open, .quick, hkpLookup),
        Operation("hkpLookup", "/pks/lookup", nil, [.get], .open, .quick, hkpLookup),
        Operation("wkdLookup", "/hu/{hash}", nil, [.get], .open, .quick, wkdLookup),
        Operation("wkdLookup", "/.well-known/openpgpkey/hu/{hash}", nil, [.get], .open, .quick, wkdLookup),

        Operation("openControlSession", "/guardd/session", "open", [.post], .open, .password, openSession),
        Operation("closeControlSession", "/guardd/session", "close", [.post], .session, .quick, closeSession),
    ]
}
