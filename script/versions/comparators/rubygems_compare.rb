# Asks Gem::Version. Reads `a<TAB>b` lines, prints <, = or > for each, ? where it refuses.
$stdin.each_line do |line|
  a, b = line.chomp.split("\t", -1)
  begin
    puts "<=>"[(Gem::Version.new(a) <=> Gem::Version.new(b)) + 1]
  rescue ArgumentError
    puts "?"
  end
end
