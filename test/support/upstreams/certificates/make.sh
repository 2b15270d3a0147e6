#!/bin/sh
# Makes the certificates of this folder anew, with OpenSSL 3. They are for tests alone: their keys are public, and they
# are valid from 2020 to 2120, but for `expired.pem`, which was valid for a day.
#
#   authority.pem   who signs the others; its key is thrown away
#   server.pem      dns.example.test, 127.0.0.1, ::1
#   expired.pem     the same with the same key, expired
#   client.pem      what a client shows
#   stranger.pem    dns.example.test, 127.0.0.1, ::1, signed by nobody but itself
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
touch "$work/index"
cat > "$work/config" <<EOF
[ca]
default_ca = ca
[ca]
new_certs_dir = $work
database = $work/index
unique_subject = no
rand_serial = yes
default_md = sha256
policy = policy
[policy]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
subjectAltName = DNS:dns.example.test,IP:127.0.0.1,IP:::1
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
EOF

key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# sign CERTIFICATE KEY SUBJECT EXTENSIONS END SIGNER…
sign() {
  certificate=$1 key=$2 subject=$3 extensions=$4 end=$5
  shift 5
  openssl req -new -key "$key" -subj "/CN=$subject" -out "$work/request"
  openssl ca -batch -notext -config "$work/config" -in "$work/request" -extensions "$extensions" \
    -startdate 20200101000000Z -enddate "$end" -out "$certificate" "$@" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}

last=21200101000000Z
key "$work/authority.key"
key server.key
key client.key
key stranger.key
sign authority.pem "$work/authority.key" 'Test authority' authority "$last" -selfsign -keyfile "$work/authority.key"
authority="-cert authority.pem -keyfile $work/authority.key"
# shellcheck disable=SC2086 -- two options, and no spaces in their values
{
  sign server.pem server.key dns.example.test server "$last" $authority
  sign client.pem client.key client client "$last" $authority
  sign expired.pem server.key dns.example.test server 20200102000000Z $authority
}
sign stranger.pem stranger.key dns.example.test server "$last" -selfsign -keyfile stranger.key
