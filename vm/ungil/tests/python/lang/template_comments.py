# The text of expressions in template strings: comments are left out, what looks like one in a string is not.
t = t"{(
   1,  # one
   2)}"
print(repr(t.interpolations[0].expression))
x = 3
t = t"{ x # hi
  }"
print(repr(t.interpolations[0].expression))
t = t"{x!r }{ x = }{'a#b'}{'''#'''  # c
}{ (x,
  # only comment
  '#', "#" # end
  ) }"
print([i.expression for i in t.interpolations], t.strings)
print(f"{x # c
 = }", f"{ (x, # a
 2) = }")
print([i.expression for i in t"{ x # a:b}=!
 }{(x) # }
 !r}{(x # )
 ) = }".interpolations])
