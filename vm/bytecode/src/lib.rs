//! The register bytecode of ungil: one opcode table, encoder, disassembler, verifier.
