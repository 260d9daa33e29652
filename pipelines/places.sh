# Sourced by the other pipelines. places is bt-geo where it finds a GeoIP
# database, and else passes the records on as they are.
places() {
  if bt-geo --quiet </dev/null >/dev/null 2>&1; then
    exec bt-geo
  fi
  echo "no GeoIP database: going on without places (bt-geo says what to download)" >&2
  trap '' INT # like the other commands, read the input to its end
  exec cat
}
