#pragma once
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/core_dispatch.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include "kernels.h"
#include "sha1.h"

// Macros that Swift does not import.
static inline int guardd_keypair_selection(void) { return EVP_PKEY_KEYPAIR; }
static inline int guardd_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }
static inline long guardd_bio_contents(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
static inline unsigned long guardd_name_flags(void) { return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB; }
