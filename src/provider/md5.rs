//! MD5 (RFC 1321), for providers that take no newer hash. It does not protect from anybody who wants to forge a
//! request: only TLS does.

use crate::text::hex;

/// The sum of `data` in hexadecimal digits, in lower case.
pub(super) fn md5(data: &str) -> String {
    let mut padded = data.as_bytes().to_vec();
    // RFC 1321 sections 3.1 and 3.2: a bit 1, zeros, and the length in bits in the last eight bytes.
    padded.push(0x80);
    while padded.len() % BLOCK != BLOCK - 8 {
        padded.push(0);
    }
    padded.extend((data.len() as u64 * 8).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(BLOCK) {
        add_block(&mut state, block);
    }
    let mut sum = Vec::new();
    for word in state {
        sum.extend(word.to_le_bytes());
    }
    hex(&sum)
}

/// Length of a block in bytes.
const BLOCK: usize = 64;

/// Takes a block into the `state`.
fn add_block(state: &mut [u32; 4], block: &[u8]) {
    let [mut a, mut b, mut c, mut d] = *state;
    for (step, constant) in CONSTANTS.iter().enumerate() {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let sum = a.wrapping_add(mixed).wrapping_add(*constant).wrapping_add(word_of(block, word));
        let rotated = sum.rotate_left(ROTATIONS[step / 16][step % 4]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(rotated));
    }
    for (word, added) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(added);
    }
}

/// The word with this number, modulo 16, of a block.
fn word_of(block: &[u8], number: usize) -> u32 {
    let bytes = block.iter().skip(number % 16 * 4).take(4).rev();
    bytes.fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

/// By how many bits the steps of a round rotate, four after four.
const ROTATIONS: [[u32; 4]; 4] =
    [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The whole part of 2³² · |sin(i)| for each i from 1 to 64 (RFC 1321 section 3.4).
const CONSTANTS: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The test suite of RFC 1321, and lengths around that of a block, as md5sum has them.
    #[test]
    fn sums_are_those_of_the_test_suite_of_rfc_1321() {
        for (data, sum) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f",
            ),
            (&"1234567890".repeat(8), "57edf4a22be3c955ac49da2e2107b67a"),
            (&"x".repeat(55), "04364420e25c512fd958a70738aa8f72"),
            (&"x".repeat(56), "668a72d5ba17f08e62dabcafad6db14b"),
            (&"x".repeat(63), "7dc2ca208106a2f703567bdff99d8981"),
            (&"x".repeat(64), "c1bb4f81d892b2d57947682aeb252456"),
            (&"x".repeat(65), "1bc932052302d074bdec39795fe00cf6"),
            (&"x".repeat(119), "ab347a5f68c8a443cfcddc633f12c24f"),
            (&"x".repeat(120), "fb98667f98096de92620b64f46e1c5b5"),
        ] {
            assert_eq!(md5(data), sum, "{data}");
        }
    }
}
