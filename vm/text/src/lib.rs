//! Text algorithms of Python without objects: numbers, format specifications, escapes, codecs, Unicode.
