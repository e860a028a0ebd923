//! Python 3.14 source to ungil bytecode.
