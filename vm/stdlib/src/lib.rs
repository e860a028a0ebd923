//! Native modules of the standard library and the embedded Python part.
