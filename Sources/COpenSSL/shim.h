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
#include "kernels.h"

// Macros that Swift does not import.
static inline int guardd_keypair_selection(void) { return EVP_PKEY_KEYPAIR; }
static inline int guardd_public_key_selection(void) { return EVP_PKEY_PUBLIC_KEY; }
