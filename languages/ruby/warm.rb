# What a template of Ruby does before it is forked, see `warm` in src/core/language.ts.
#
# It stands at the second read of the program, all of rubygems loaded. The first has given Ruby one byte
# in place of the program's first; it lies in a string of its own by now, which is looked for here and
# put right in the fork.
lambda do
  found = ObjectSpace.each_object(String).select do |text|
    text.bytesize == 1 && !text.frozen? && text.getbyte(0) == 0x1a
  end
  exit!(125) unless found.length == 1
  GC.start
  exit!(125) if fork
  found[0].setbyte(0, File.binread($0, 1).ord)
end.call
