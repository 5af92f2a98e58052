# Asks Elixir's Version. Reads `a<TAB>b` lines, prints <, = or > for each, ? where it refuses.
IO.stream(:stdio, :line)
|> Enum.map(fn line ->
  [a, b] = line |> String.trim_trailing("\n") |> String.split("\t")

  case {Version.parse(a), Version.parse(b)} do
    {{:ok, a}, {:ok, b}} -> %{lt: "<\n", eq: "=\n", gt: ">\n"}[Version.compare(a, b)]
    _ -> "?\n"
  end
end)
|> IO.write()
