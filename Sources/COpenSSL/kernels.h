#pragma once
// Kernels that Swift cannot promise: constant-time selection, and base64 at the speed of the ciphers around it.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// ---- constant time ------------------------------------------------------------------------------------------------

/// All ones if a == b, else 0; a and b below 2^31. The volatile step keeps the optimiser from finding a branch.
static inline uint32_t guardd_ct_equal(uint32_t a, uint32_t b) {
    volatile uint32_t difference = a ^ b;
    return ~(uint32_t)(((int32_t)(difference | (0u - difference))) >> 31);
}

/// Takes apart what raw RSA gave for an OpenPGP v3 session key: 00 02 nonzero-padding 00 algorithm key checksum, with
/// `size` octets in `em`. Writes algorithm and key to `out` (33 octets) and returns the key length; on any defect it
/// writes algorithm 9 and the 32 octets of `fake` instead and returns 32. No branch or address depends on `em`.
static inline uint32_t guardd_unpad_session_key(const uint8_t *em, size_t size, const uint8_t *fake, uint8_t *out) {
    static const uint8_t lengths[3] = {16, 24, 32};
    static const uint8_t algorithms[9] = {2, 3, 4, 7, 8, 9, 11, 12, 13};
    static const uint8_t sizes[9] = {24, 16, 16, 16, 24, 32, 16, 24, 32};
    uint32_t found = 0, found_length = 32;
    out[0] = 9;
    for (int i = 0; i < 32; i++) out[1 + i] = fake[i];
    for (int candidate = 0; candidate < 3; candidate++) {
        size_t length = lengths[candidate];
        size_t payload = 1 + length + 2;
        if (size < payload + 11) continue;  // depends on public sizes only
        size_t separator = size - payload - 1;
        uint32_t good = guardd_ct_equal(em[0], 0) & guardd_ct_equal(em[1], 2) & guardd_ct_equal(em[separator], 0);
        for (size_t i = 2; i < separator; i++) good &= ~guardd_ct_equal(em[i], 0);
        const uint8_t *body = em + separator + 1;
        uint32_t known = 0, sum = 0;
        for (int i = 0; i < 9; i++)
            known |= guardd_ct_equal(body[0], algorithms[i]) & guardd_ct_equal((uint32_t)length, sizes[i]);
        for (size_t i = 0; i < length; i++) sum += body[1 + i];
        good &= known & guardd_ct_equal(sum & 0xffff, ((uint32_t)body[1 + length] << 8) | body[2 + length]);
        for (size_t i = 0; i < 1 + length; i++) out[i] = (uint8_t)((body[i] & good) | (out[i] & ~good));
        found_length = ((uint32_t)length & good) | (found_length & ~good);
        found |= good;
    }
    (void)found;
    return found_length;
}

/// Takes apart what raw RSA gave for a message of any length: 00 02 nonzero-padding 00 message, with `size` octets in `em`.
/// Writes the message to the front of `out` (`size` octets) and returns its length; on any defect it writes the 32 octets
/// of `fake` and returns 32. No branch or address depends on `em`. `size` is at least 43 and below 2^31.
static inline uint32_t guardd_unpad_message(const uint8_t *em, size_t size, const uint8_t *fake, uint8_t *out) {
    uint32_t good = guardd_ct_equal(em[0], 0) & guardd_ct_equal(em[1], 2);
    uint32_t seen = 0, separator = 0;
    for (size_t i = 2; i < size; i++) {
        uint32_t first = guardd_ct_equal(em[i], 0) & ~seen;
        separator |= (uint32_t)i & first;
        seen |= first;
    }
    volatile uint32_t missing = separator - 10;  // at least eight octets of padding
    good &= seen & ~(uint32_t)((int32_t)missing >> 31);
    uint32_t start = separator + 1;
    for (size_t i = 0; i < size; i++) out[i] = em[i];
    // Moved to the front by powers of two, so that no address depends on where the message stands.
    for (uint32_t step = 1; step < size; step <<= 1) {
        uint32_t move = guardd_ct_equal(start & step, step);
        for (size_t i = 0; i < size; i++) {
            uint8_t next = i + step < size ? out[i + step] : 0;  // depends on public sizes only
            out[i] = (uint8_t)((next & move) | (out[i] & ~move));
        }
    }
    for (size_t i = 0; i < 32; i++) out[i] = (uint8_t)((out[i] & good) | (fake[i] & ~good));
    return (((uint32_t)size - start) & good) | (32 & ~good);
}

/// Takes apart what raw RSA gave for a CMS content key of `length` octets, at most 32: 00 02 nonzero-padding 00 key, with
/// `size` octets in `em`. Writes the key to `out`, or on any defect the first octets of `fake`. No branch or address
/// depends on `em`.
static inline void guardd_unpad_content_key(
    const uint8_t *em, size_t size, const uint8_t *fake, size_t length, uint8_t *out) {
    for (size_t i = 0; i < length; i++) out[i] = fake[i];
    if (size < length + 11) return;  // depends on public sizes only
    size_t separator = size - length - 1;
    uint32_t good = guardd_ct_equal(em[0], 0) & guardd_ct_equal(em[1], 2) & guardd_ct_equal(em[separator], 0);
    for (size_t i = 2; i < separator; i++) good &= ~guardd_ct_equal(em[i], 0);
    for (size_t i = 0; i < length; i++) out[i] = (uint8_t)((em[separator + 1 + i] & good) | (out[i] & ~good));
}

/// The same for a session key of a known length without an algorithm in front (PKESK version 6): `out` gets `length` octets.
static inline void guardd_unpad_known_key(
    const uint8_t *em, size_t size, size_t length, const uint8_t *fake, uint8_t *out) {
    for (size_t i = 0; i < length; i++) out[i] = fake[i];
    if (length > 32 || size < length + 2 + 11) return;  // depends on public sizes only
    size_t separator = size - length - 3;
    uint32_t good = guardd_ct_equal(em[0], 0) & guardd_ct_equal(em[1], 2) & guardd_ct_equal(em[separator], 0);
    for (size_t i = 2; i < separator; i++) good &= ~guardd_ct_equal(em[i], 0);
    const uint8_t *body = em + separator + 1;
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) sum += body[i];
    good &= guardd_ct_equal(sum & 0xffff, ((uint32_t)body[length] << 8) | body[length + 1]);
    for (size_t i = 0; i < length; i++) out[i] = (uint8_t)((body[i] & good) | (out[i] & ~good));
}

// ---- base64 -------------------------------------------------------------------------------------------------------

typedef uint8_t guardd_u8x32 __attribute__((vector_size(32)));
typedef int8_t guardd_i8x32 __attribute__((vector_size(32)));
typedef uint32_t guardd_u32x8 __attribute__((vector_size(32)));

#if defined(__x86_64__)
#define GUARDD_WIDE __attribute__((target("avx2")))
static inline int guardd_has_wide(void) { return __builtin_cpu_supports("avx2"); }
#else
#define GUARDD_WIDE
static inline int guardd_has_wide(void) { return 1; }
#endif

static inline uint8_t guardd_base64_character(uint32_t value) {
    static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return (uint8_t)alphabet[value & 63];
}

/// Plain groups of three octets, with padding at the end; returns the characters written.
static inline size_t guardd_base64_encode_tail(uint8_t *out, const uint8_t *in, size_t count) {
    uint8_t *start = out;
    for (; count >= 3; in += 3, count -= 3) {
        uint32_t w = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = guardd_base64_character(w >> 18);
        *out++ = guardd_base64_character(w >> 12);
        *out++ = guardd_base64_character(w >> 6);
        *out++ = guardd_base64_character(w);
    }
    if (count) {
        uint32_t w = (uint32_t)in[0] << 16 | (count == 2 ? (uint32_t)in[1] << 8 : 0);
        *out++ = guardd_base64_character(w >> 18);
        *out++ = guardd_base64_character(w >> 12);
        *out++ = count == 2 ? guardd_base64_character(w >> 6) : '=';
        *out++ = '=';
    }
    return (size_t)(out - start);
}

/// 24 octets (28 are read) to 32 characters.
GUARDD_WIDE static inline void guardd_base64_encode_24(uint8_t *out, const uint8_t *in) {
    guardd_u8x32 bytes;
    memcpy((uint8_t *)&bytes, in, 16);
    memcpy((uint8_t *)&bytes + 16, in + 12, 16);
    guardd_u8x32 spread = __builtin_shufflevector(
        bytes, bytes, 2, 1, 0, 0, 5, 4, 3, 3, 8, 7, 6, 6, 11, 10, 9, 9, 18, 17, 16, 16, 21, 20, 19, 19, 24, 23, 22, 22,
        27, 26, 25, 25);
    guardd_u32x8 w = (guardd_u32x8)spread;
    guardd_u32x8 packed = ((w >> 18) & 0x3f) | ((w >> 4) & 0x3f00) | ((w << 10) & 0x3f0000) | ((w << 24) & 0x3f000000);
    guardd_i8x32 index = (guardd_i8x32)packed;
    guardd_i8x32 text = index + 65 + ((index > 25) & 6) - ((index > 51) & 75) - ((index > 61) & 15) + ((index > 62) & 3);
    memcpy(out, &text, 32);
}

/// Encodes whole lines of `line` octets (a multiple of 3), each followed by LF or CRLF; `count` is a multiple of `line`.
GUARDD_WIDE static inline size_t guardd_base64_encode_lines_wide(
    uint8_t *out, const uint8_t *in, size_t count, size_t line, int crlf) {
    uint8_t *start = out;
    const uint8_t *end = in + count;
    while (in < end) {
        size_t left = line;
        while (left >= 24 && end - in >= 28) {
            guardd_base64_encode_24(out, in);
            out += 32;
            in += 24;
            left -= 24;
        }
        out += guardd_base64_encode_tail(out, in, left);
        in += left;
        if (crlf) *out++ = '\r';
        *out++ = '\n';
    }
    return (size_t)(out - start);
}

static inline size_t guardd_base64_encode_lines(
    uint8_t *out, const uint8_t *in, size_t count, size_t line, int crlf) {
    if (guardd_has_wide()) return guardd_base64_encode_lines_wide(out, in, count, line, crlf);
    uint8_t *start = out;
    for (const uint8_t *end = in + count; in < end; in += line) {
        out += guardd_base64_encode_tail(out, in, line);
        if (crlf) *out++ = '\r';
        *out++ = '\n';
    }
    return (size_t)(out - start);
}

/// What a decoder remembers between calls.
typedef struct {
    uint32_t bits;    ///< characters of the unfinished group
    uint32_t count;   ///< how many, 0 to 3
    uint32_t padding; ///< '=' seen so far
} guardd_base64_state;

/// 0-63, 64 for white space, 65 for '=', 66 for anything else.
static inline uint32_t guardd_base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return (uint32_t)c - 'A';
    if (c >= 'a' && c <= 'z') return (uint32_t)c - 'a' + 26;
    if (c >= '0' && c <= '9') return (uint32_t)c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') return 64;
    if (c == '=') return 65;
    return 66;
}

/// Decodes 32-character pieces as long as they are clean; returns the characters used. Writes up to 32 octets beyond
/// the 24 of each piece it keeps.
GUARDD_WIDE static inline size_t guardd_base64_decode_wide(uint8_t *out, const uint8_t *in, size_t count) {
    size_t used = 0;
    while (count - used >= 32) {
        guardd_u8x32 c;
        memcpy(&c, in + used, 32);
        guardd_u8x32 upper = (guardd_u8x32)(c - 'A' < 26), lower = (guardd_u8x32)(c - 'a' < 26);
        guardd_u8x32 digit = (guardd_u8x32)(c - '0' < 10), plus = (guardd_u8x32)(c == '+');
        guardd_u8x32 slash = (guardd_u8x32)(c == '/');
        guardd_u8x32 bad = ~(upper | lower | digit | plus | slash);
        typedef uint64_t u64x4 __attribute__((vector_size(32)));
        u64x4 b = (u64x4)bad;
        if (b[0] | b[1] | b[2] | b[3]) break;
        guardd_u8x32 v = c - ((upper & 65) | (lower & 71)) + ((digit & 4) | (plus & 19) | (slash & 16));
        guardd_u32x8 q = (guardd_u32x8)v;
        guardd_u32x8 w = ((q & 0x3f) << 18) | ((q & 0x3f00) << 4) | ((q & 0x3f0000) >> 10) | (q >> 24);
        guardd_u8x32 bytes = (guardd_u8x32)w;
        guardd_u8x32 result = __builtin_shufflevector(
            bytes, bytes, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 18, 17, 16, 22, 21, 20, 26, 25, 24, 30, 29, 28, 0, 0, 0,
            0, 0, 0, 0, 0);
        memcpy(out, &result, 32);
        out += 24;
        used += 32;
    }
    return used;
}

/// Decodes what it can of `count` characters into `out` (room for count / 4 * 3 + 35), skipping white space. Returns the
/// octets written; `*used` is less than `count` where it met a character that has no place: outside the alphabet, or
/// data or surplus padding after the end.
static inline size_t guardd_base64_decode(
    guardd_base64_state *state, uint8_t *out, const uint8_t *in, size_t count, size_t *used) {
    uint8_t *start = out;
    size_t i = 0;
    int wide = guardd_has_wide();
    while (i < count) {
        if (state->count == 0 && state->padding == 0 && wide && count - i >= 32) {
            size_t run = guardd_base64_decode_wide(out, in + i, count - i);
            i += run;
            out += run / 4 * 3;
            if (i == count) break;
        }
        uint32_t value = guardd_base64_value(in[i]);
        if (value < 64) {
            if (state->padding) break;
            state->bits = state->bits << 6 | value;
            if (++state->count == 4) {
                *out++ = (uint8_t)(state->bits >> 16);
                *out++ = (uint8_t)(state->bits >> 8);
                *out++ = (uint8_t)state->bits;
                state->bits = state->count = 0;
            }
        } else if (value == 65) {
            // The first '=' needs two or three characters before it; a second one only follows two.
            if (state->padding == 0) {
                if (state->count < 2) break;
                if (state->count == 3) {
                    *out++ = (uint8_t)(state->bits >> 10);
                    *out++ = (uint8_t)(state->bits >> 2);
                } else {
                    *out++ = (uint8_t)(state->bits >> 4);
                }
            } else if (state->count + state->padding >= 4) {
                break;
            }
            state->padding++;
        } else if (value == 66) {
            break;
        }
        i++;
        // A long run of single steps would make every second character try the wide loop: finish the group first.
        while (i < count && state->padding == 0 && state->count != 0) {
            value = guardd_base64_value(in[i]);
            if (value >= 64) break;
            state->bits = state->bits << 6 | value;
            i++;
            if (++state->count == 4) {
                *out++ = (uint8_t)(state->bits >> 16);
                *out++ = (uint8_t)(state->bits >> 8);
                *out++ = (uint8_t)state->bits;
                state->bits = state->count = 0;
            }
        }
    }
    *used = i;
    return (size_t)(out - start);
}
