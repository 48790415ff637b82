def tostring: if isstring then . else tojson end;
def @text: tostring;
def @json: tojson;
def @html: tostring | escape_html;
def @uri: tostring | encode_uri;
def @base64: tostring | encode_base64;
def @base64d: tostring | decode_base64;
def @sh:
  [if isarray then .[] end
   | if isstring then "'" + escape_sh + "'"
     elif isarray or isobject then error("\(type) (\(tojson)) can not be escaped for shell")
     else tojson end]
  | join(" ");
def ascii: [.] | implode;
def toarray: if isarray then . else [.] end;
def input_line_number: 0;
def have_decnum: false;
def have_literal_numbers: true;
def join($s):
  reduce .[] as $x (null;
    (if . == null then "" else . + $s end)
    + ($x | if . == null then "" elif isboolean or isnumber then tojson else . end)) // "";
def ltrimstr($x): if isstring and ($x | isstring) and startswith($x) then .[($x | length):] else . end;
def rtrimstr($x): if isstring and ($x | isstring) and endswith($x) then .[:length - ($x | length)] else . end;
def walk(f):
  def w: if isobject then map_values(w) elif isarray then map(w) else . end | f;
  w;
def setpath($path; $value): set_path($path; $value);
def assign_paths(paths; value): value as $value | reduce path(paths) as $path (.; set_path($path; $value));
def delpaths($paths): reduce ($paths | sort | reverse[]) as $path (.; delete_path($path));
def update_paths(paths; f):
  reduce path(paths) as $path ([., []];
    .[0] as $value
    | [limit(1; $value | getpath($path) | f)] as $new
    | if $new == [] then [$value, .[1] + [$path]]
      else [($value | set_path($path; $new[0])), .[1]] end)
  | .[1] as $gone | .[0] | delpaths($gone);
def del(f): delpaths([path(f)]);
def from_entries:
  reduce .[] as $x ({}; . + {
    ($x | (if .key == null then .k // .name // .Name // .K // .Key else .key end)
        | if isstring then . else tojson end):
    ($x | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; . + { ($row | f | tostring): $row });
def INDEX(f): INDEX(.[]; f);
def tostream:
  path(def r: (.[]? | r), .; r) as $p
  | getpath($p)
  | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def @csv:
  [.[] | if isnumber or isboolean then tojson
         elif . == null then ""
         elif isstring then "\"" + (split("\"") | join("\"\"")) + "\""
         else error("\(type) (\(tojson)) is not valid in a csv row") end]
  | join(",");
def @tsv:
  [.[] | if isnumber or isboolean then tojson
         elif . == null then ""
         elif isstring then
           (split("\\") | join("\\\\") | split("\t") | join("\\t")
            | split("\n") | join("\\n") | split("\r") | join("\\r"))
         else error("\(type) (\(tojson)) is not valid in a tsv row") end]
  | join("\t");
def stderr: (tojson | print_error), .;
def debug: ("[\"DEBUG:\"," + tojson + "]\n" | print_error), .;
def debug(msgs): (msgs | debug | empty), .;
def halt_error($code):
  (if isstring then . else tojson + "\n" end | print_error), halt($code);
def halt_error: halt_error(5);
