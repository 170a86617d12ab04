#!/bin/sh
# Runs a command where every user may read folders that are below one that is root's alone (/root, say).
# In its own mount namespace: that one is covered by an empty folder, in which nothing but these shows.
#
# Usage: unshare --mount readable.sh STAGING FOLDER... -- COMMAND...
set -eu
staging=$1
shift
mount --make-rprivate /
number=0
covered=
folders=
while [ "$1" != -- ]; do
    number=$((number + 1))
    mkdir "$staging/$number"
    mount --bind "$1" "$staging/$number"
    folders="$folders $number:$1"
    top=/$(printf %s "$1" | cut -d/ -f2)
    case " $covered " in *" $top "*) ;; *) covered="$covered $top" ;; esac
    shift
done
shift
for top in $covered; do
    mount -t tmpfs -o mode=755 tmpfs "$top"
done
for pair in $folders; do
    mkdir -p "${pair#*:}"
    mount --bind "$staging/${pair%%:*}" "${pair#*:}"
done
exec "$@"
