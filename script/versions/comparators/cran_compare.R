# Asks R's package_version. Reads `a<TAB>b` lines, prints <, = or > for each, ? where it refuses.
pairs <- strsplit(readLines(file("stdin")), "\t", fixed = TRUE)
read <- function(at) suppressWarnings(package_version(vapply(pairs, `[`, "", at), strict = FALSE))
a <- read(1)
b <- read(2)
# What is no version becomes an empty list, what fits no integer becomes NA.
is_bad <- function(versions) vapply(unclass(versions), function(version) length(version) == 0 || anyNA(version), NA)
bad <- is_bad(a) | is_bad(b)
answer <- rep("?", length(a))
for (at in which(!bad)) {
  answer[at] <- if (a[at] < b[at]) "<" else if (a[at] > b[at]) ">" else "="
}
writeLines(answer)
