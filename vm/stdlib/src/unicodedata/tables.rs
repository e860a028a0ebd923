//! The tables of one version of Unicode, read in place from what `generate.py` has written (its head describes the format).

use std::collections::HashMap;
use std::sync::OnceLock;

/// The short names, as `generate.py` numbers them.
const CATEGORIES: [&str; 30] = [
    "Cn", "Lu", "Ll", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
    "Lm", "Lo", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
];
const CLASSES: [&str; 24] = [
    "", "L", "LRE", "LRO", "R", "AL", "RLE", "RLO", "PDF", "EN", "ES", "ET", "AN", "CS", "NSM", "BN", "B",
    "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI",
];
const WIDTHS: [&str; 6] = ["F", "H", "W", "Na", "A", "N"];

/// What is said of a code point.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub category: &'static str,
    pub bidirectional: &'static str,
    pub combining: u8,
    pub width: &'static str,
    pub mirrored: bool,
}

/// The number that a code point stands for.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// -1 if there is none.
    pub decimal: i8,
    /// -1 if there is none.
    pub digit: i8,
    /// NaN if there is none.
    pub value: f64,
}

/// One version's tables.
#[derive(Debug)]
pub struct Tables {
    records: &'static [u8],
    firsts: &'static [u8],
    kinds: &'static [u8],
    numbers: &'static [u8],
    decompositions: &'static [u8],
    text: &'static [u8],
    composed: OnceLock<HashMap<(u32, u32), u32>>,
    /// Of an old version: the newest one's, whose order of marks holds for all.
    newest: Option<&'static Tables>,
}

/// Decompositions that were wrong in version 3.2.
const ERRATA: [(u32, u32); 5] =
    [(0x2f868, 0x2136a), (0x2f874, 0x5f33), (0x2f91f, 0x43ab), (0x2f95f, 0x7aae), (0x2f9bf, 0x4d57)];

/// Bytes of a number and of a decomposition.
const NUMBER: usize = 16;
const DECOMPOSITION: usize = 12;

fn word(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}

fn half(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => u16::from_le_bytes(*chunk) as usize,
        None => 0,
    }
}

/// The entry of a code point in a table that begins with code points.
fn entry(table: &'static [u8], size: usize, point: u32) -> Option<&'static [u8]> {
    let entries = table.len() / size;
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = (low + high) / 2;
        if word(table, middle * size) < point { low = middle + 1 } else { high = middle }
    }
    (low < entries && word(table, low * size) == point).then(|| &table[low * size..(low + 1) * size])
}

const S_BASE: u32 = 0xac00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11a7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

impl Tables {
    /// Finds the parts of a table, which is an old version's if there is a newest one.
    pub fn new(bytes: &'static [u8], newest: Option<&'static Tables>) -> Tables {
        let counts: [usize; 5] = std::array::from_fn(|i| word(bytes, 4 * i) as usize);
        let mut at = 20;
        let mut part = |len: usize| {
            let part = bytes.get(at..at + len).unwrap_or_default();
            at += len;
            part
        };
        Tables {
            records: part(4 * counts[0]),
            firsts: part(4 * counts[1]),
            kinds: part(2 * counts[1]),
            numbers: part(NUMBER * counts[2]),
            decompositions: part(DECOMPOSITION * counts[3]),
            text: part(counts[4]),
            composed: OnceLock::new(),
            newest,
        }
    }

    fn raw_record(&self, point: u32) -> [u8; 4] {
        let (mut low, mut high) = (0, self.firsts.len() / 4);
        while low < high {
            let middle = (low + high) / 2;
            if word(self.firsts, 4 * middle) <= point { low = middle + 1 } else { high = middle }
        }
        let kind = half(self.kinds, 2 * low.saturating_sub(1));
        word(self.records, 4 * kind).to_le_bytes()
    }

    pub fn record(&self, point: u32) -> Record {
        let [category, class, combining, rest] = self.raw_record(point);
        let name = |names: &[&'static str], i: u8| names.get(i as usize).copied().unwrap_or_default();
        Record {
            category: name(&CATEGORIES, category),
            bidirectional: name(&CLASSES, class),
            combining,
            width: name(&WIDTHS, rest >> 1),
            mirrored: rest & 1 != 0,
        }
    }

    fn combining(&self, point: u32) -> u8 {
        if point < 0x300 { 0 } else { self.newest.unwrap_or(self).raw_record(point)[2] }
    }

    /// The number that a code point stands for.
    pub fn number(&self, point: u32) -> Option<Number> {
        let entry = entry(self.numbers, NUMBER, point)?;
        let value = f64::from_le_bytes(*entry.last_chunk()?);
        Some(Number { decimal: entry[4] as i8, digit: entry[5] as i8, value })
    }

    /// The decomposition as text ("<compat> 0020 0301"), empty if there is none.
    pub fn decomposition(&self, point: u32) -> String {
        if !(S_BASE..S_BASE + S_COUNT).contains(&point) {
            return self.written(point).to_string();
        }
        let mut parts = Vec::new();
        self.decompose(point, false, &mut parts);
        parts.iter().map(|part| format!("{part:04X}")).collect::<Vec<_>>().join(" ")
    }

    fn written(&self, point: u32) -> &'static str {
        let Some(entry) = entry(self.decompositions, DECOMPOSITION, point) else { return "" };
        self.text_of(entry)
    }

    fn text_of(&self, entry: &[u8]) -> &'static str {
        let (start, len) = (word(entry, 4) as usize, half(entry, 8));
        self.text.get(start..start + len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// Appends the full decomposition of a code point.
    fn decompose(&self, point: u32, compatible: bool, out: &mut Vec<u32>) {
        if let Some(s) = point.checked_sub(S_BASE).filter(|&s| s < S_COUNT) {
            out.push(L_BASE + s / (V_COUNT * T_COUNT));
            out.push(V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT);
            if s % T_COUNT != 0 {
                out.push(T_BASE + s % T_COUNT);
            }
            return;
        }
        if self.newest.is_some()
            && let Some(&(_, wrong)) = ERRATA.iter().find(|(known, _)| *known == point)
        {
            return out.push(wrong);
        }
        let text = if point < 0xa0 { "" } else { self.written(point) };
        let parts = match text.split_once("> ") {
            Some((_, parts)) if compatible => parts,
            Some(_) => "",
            None => text,
        };
        if parts.is_empty() {
            return out.push(point);
        }
        for part in parts.split(' ') {
            self.decompose(u32::from_str_radix(part, 16).unwrap_or(0xfffd), compatible, out);
        }
    }

    /// Pairs that are composed.
    fn composed(&self) -> &HashMap<(u32, u32), u32> {
        self.composed.get_or_init(|| {
            let entries =
                self.decompositions.chunks_exact(DECOMPOSITION).filter(|entry| half(entry, 10) != 0);
            let pairs = entries.filter_map(|entry| {
                let (first, second) = self.text_of(entry).split_once(' ')?;
                let parse = |text| u32::from_str_radix(text, 16).ok();
                Some(((parse(first)?, parse(second)?), word(entry, 0)))
            });
            pairs.collect()
        })
    }

    fn pair(&self, first: u32, second: u32) -> Option<u32> {
        if let Some(l) = first.checked_sub(L_BASE).filter(|&l| l < L_COUNT) {
            let v = second.checked_sub(V_BASE).filter(|&v| v < V_COUNT)?;
            return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
        }
        if let Some(s) = first.checked_sub(S_BASE).filter(|&s| s < S_COUNT && s % T_COUNT == 0) {
            let t = second.checked_sub(T_BASE).filter(|&t| t > 0 && t < T_COUNT)?;
            return Some(S_BASE + s + t);
        }
        self.composed().get(&(first, second)).copied()
    }

    /// The normal form of a text.
    pub fn normalize(&self, points: impl Iterator<Item = u32>, form: Form) -> Vec<u32> {
        let mut out = Vec::new();
        points.for_each(|point| self.decompose(point, form.compatible, &mut out));
        // Marks stand in the order of their classes; equal ones stay as they are.
        let mut at = 0;
        while at < out.len() {
            let marks = out[at..].iter().take_while(|&&p| self.combining(p) != 0).count();
            out[at..at + marks].sort_by_key(|&p| self.combining(p));
            at += marks + 1;
        }
        if form.composed { self.compose(out) } else { out }
    }

    fn compose(&self, points: Vec<u32>) -> Vec<u32> {
        let mut out: Vec<u32> = Vec::with_capacity(points.len());
        let mut starter: Option<usize> = None;
        let mut last_class = 0;
        for point in points {
            let class = self.combining(point);
            if let Some(place) = starter {
                let adjacent = place + 1 == out.len();
                let blocked = !adjacent && (last_class >= class || last_class == 0);
                if !blocked && let Some(composed) = self.pair(out[place], point) {
                    out[place] = composed;
                    continue;
                }
            }
            if class == 0 {
                starter = Some(out.len());
            }
            last_class = class;
            out.push(point);
        }
        out
    }
}

/// A normal form.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub compatible: bool,
    pub composed: bool,
}

impl Form {
    /// By its name ("NFKC").
    pub fn named(name: &str) -> Option<Form> {
        let (compatible, composed) = match name {
            "NFC" => (false, true),
            "NFD" => (false, false),
            "NFKC" => (true, true),
            "NFKD" => (true, false),
            _ => return None,
        };
        Some(Form { compatible, composed })
    }
}
