//! Object header, counting, publishing store, heap and cycle collector of ungil.
