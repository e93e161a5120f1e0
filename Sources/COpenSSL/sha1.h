#pragma once
// SHA-1 for eight messages beside each other, which is what looking for collisions costs; with the vectors of Swift it
// takes ten times as long, and hundreds of times in a debug build.
#include "kernels.h"

typedef uint32_t guardd_unaligned_u32x8 __attribute__((vector_size(32), aligned(4)));

#define GUARDD_INLINE static inline __attribute__((always_inline))

typedef struct {
    guardd_u32x8 a, b, c, d, e;
} guardd_sha1_lanes;

#define GUARDD_SHA1_ROTATE(x, n) ((x) << (n) | (x) >> (32 - (n)))

/// What a step (FIPS 180-4 section 6.1.2) adds to the word that leaves, apart from the message word.
#define GUARDD_SHA1_SUM(s, step)                                                             \
    (GUARDD_SHA1_ROTATE((s)->a, 5)                                                           \
     + ((step) < 20   ? ((s)->d ^ ((s)->b & ((s)->c ^ (s)->d))) + 0x5a827999u                \
        : (step) < 40 ? ((s)->b ^ (s)->c ^ (s)->d) + 0x6ed9eba1u                             \
        : (step) < 60 ? (((s)->b & (s)->c) | ((s)->d & ((s)->b | (s)->c))) + 0x8f1bbcdcu     \
                      : ((s)->b ^ (s)->c ^ (s)->d) + 0xca62c1d6u))

/// From before step `from` to before step `to`.
GUARDD_INLINE void guardd_sha1_forward(
    guardd_sha1_lanes *s, const guardd_u32x8 *words, const guardd_unaligned_u32x8 *differences, int from, int to) {
    for (int step = from; step < to; step++) {
        guardd_u32x8 next = GUARDD_SHA1_SUM(s, step) + s->e + (words[step] ^ differences[step]);
        s->e = s->d;
        s->d = s->c;
        s->c = GUARDD_SHA1_ROTATE(s->b, 30);
        s->b = s->a;
        s->a = next;
    }
}

/// From before step `from` back to before step 0.
GUARDD_INLINE void guardd_sha1_backward(
    guardd_sha1_lanes *s, const guardd_u32x8 *words, const guardd_unaligned_u32x8 *differences, int from) {
    for (int step = from - 1; step >= 0; step--) {
        guardd_u32x8 left = s->a;
        s->a = s->b;
        s->b = GUARDD_SHA1_ROTATE(s->c, 2);
        s->c = s->d;
        s->d = s->e;
        s->e = left - GUARDD_SHA1_SUM(s, step) - (words[step] ^ differences[step]);
    }
}

/// One step of the message itself.
GUARDD_INLINE void guardd_sha1_step(uint32_t s[5], uint32_t word, int step) {
    uint32_t f = step < 20   ? (s[3] ^ (s[1] & (s[2] ^ s[3]))) + 0x5a827999u
                 : step < 40 ? (s[1] ^ s[2] ^ s[3]) + 0x6ed9eba1u
                 : step < 60 ? ((s[1] & s[2]) | (s[3] & (s[1] | s[2]))) + 0x8f1bbcdcu
                             : (s[1] ^ s[2] ^ s[3]) + 0xca62c1d6u;
    uint32_t next = GUARDD_SHA1_ROTATE(s[0], 5) + f + s[4] + word;
    s[4] = s[3];
    s[3] = s[2];
    s[2] = GUARDD_SHA1_ROTATE(s[1], 30);
    s[1] = s[0];
    s[0] = next;
}

GUARDD_INLINE int guardd_sha1_absorb_any(
    uint32_t chaining[5], const uint8_t *block, const uint32_t *steps, const uint32_t *differences, size_t groups) {
    uint32_t w[80], s[5], input[5];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8
               | block[4 * i + 3];
    for (int i = 16; i < 80; i++) {
        uint32_t sum = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
        w[i] = GUARDD_SHA1_ROTATE(sum, 1);
    }
    guardd_u32x8 words[80];
    for (int i = 0; i < 80; i++) words[i] = (guardd_u32x8){0} + w[i];
    memcpy(input, chaining, sizeof input);
    memcpy(s, chaining, sizeof s);
    uint32_t states[80][5];
    for (int step = 0; step < 80; step++) {
        memcpy(states[step], s, sizeof s);
        guardd_sha1_step(s, w[step], step);
    }
    for (int i = 0; i < 5; i++) chaining[i] = input[i] + s[i];
    guardd_u32x8 zero = {0}, found = {0};
    for (size_t group = 0; group < groups; group++) {
        const guardd_unaligned_u32x8 *d = (const guardd_unaligned_u32x8 *)(differences + group * 80 * 8);
        const uint32_t *middle = states[steps[group]];
        guardd_sha1_lanes start = {zero + middle[0], zero + middle[1], zero + middle[2], zero + middle[3],
                                   zero + middle[4]};
        guardd_sha1_lanes end = start;
        guardd_sha1_backward(&start, words, d, (int)steps[group]);
        guardd_sha1_forward(&end, words, d, (int)steps[group], 80);
        guardd_u32x8 other = ((start.a + end.a) ^ chaining[0]) | ((start.b + end.b) ^ chaining[1])
                             | ((start.c + end.c) ^ chaining[2]) | ((start.d + end.d) ^ chaining[3])
                             | ((start.e + end.e) ^ chaining[4]);
        found |= (guardd_u32x8)(other == 0);
    }
    uint32_t any = 0;
    for (int i = 0; i < 8; i++) any |= found[i];
    return any != 0;
}

GUARDD_WIDE static inline int guardd_sha1_absorb_wide(
    uint32_t chaining[5], const uint8_t *block, const uint32_t *steps, const uint32_t *differences, size_t groups) {
    return guardd_sha1_absorb_any(chaining, block, steps, differences, groups);
}

/// Takes a block of 64 octets into `chaining`. Returns whether for one of the vectors the message with its differences
/// leads to the same chaining value. Each group holds eight vectors: 80 words of eight lanes in `differences`, and in
/// `steps` the step, below 80, before which both messages have one state.
static inline int guardd_sha1_absorb(
    uint32_t chaining[5], const uint8_t *block, const uint32_t *steps, const uint32_t *differences, size_t groups) {
    if (guardd_has_wide()) return guardd_sha1_absorb_wide(chaining, block, steps, differences, groups);
    return guardd_sha1_absorb_any(chaining, block, steps, differences, groups);
}
