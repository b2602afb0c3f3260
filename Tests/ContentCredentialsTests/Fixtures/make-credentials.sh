#!/bin/sh
# Makes keys, chains, signatures, time-stamp tokens and OCSP responses with openssl alone.
# usage: make-credentials.sh DIRECTORY
set -eu
cd "$1"
export LC_ALL=C
printf 'the bytes that are signed' >message.bin
printf 'the bytes that are stamped' >payload.bin

key() { # name kind
    case $2 in
    rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" ;;
    pss*) openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt "rsa_keygen_bits:${2#pss}" -out "$1.key" ;;
    ed25519) openssl genpkey -quiet -algorithm ED25519 -out "$1.key" ;;
    *) openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac
}

# certificate name kind issuer days extensions [options of x509]
certificate() {
    name=$1 kind=$2 issuer=$3 days=$4
    printf '%b' "$5" >"$name.ext"
    shift 5
    [ -f "$name.key" ] || key "$name" "$kind"
    openssl req -new -key "$name.key" -subj "/C=DE/O=Fixative Test/CN=$name" -out "$name.csr"
    if [ "$issuer" = self ]; then
        openssl x509 -req -in "$name.csr" -signkey "$name.key" -days "$days" -extfile "$name.ext" -out "$name.pem" "$@" 2>errors
    else
        openssl x509 -req -in "$name.csr" -CA "$issuer.pem" -CAkey "$issuer.key" -days "$days" -extfile "$name.ext" \
            -out "$name.pem" "$@" 2>errors
    fi
    openssl x509 -in "$name.pem" -outform DER -out "$name.der"
}

ids='subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer\n'
authority="basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n$ids"
end="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n$ids"
mail="${end}extendedKeyUsage=emailProtection\n"
time="${end}extendedKeyUsage=critical,timeStamping\n"

certificate root P-384 self 3650 "$authority" -sha384
certificate middle P-256 root 1000 "$authority" -sha384
certificate brief P-256 root 10 "$authority" -sha384
certificate time-root rsa2048 self 3650 "$authority"
certificate time-middle rsa2048 time-root 1000 "$authority"
certificate other-root P-256 self 3650 "$authority"

# Signers: one for each algorithm, and one for each rule.
certificate es256 P-256 middle 100 "$mail" -set_serial 0x1001
certificate es384 P-384 middle 100 "$mail"
certificate es512 P-521 middle 100 "$mail"
certificate ps256 rsa2048 middle 100 "$mail"
certificate ps512 rsa3072 middle 100 "$mail"
certificate pss-key pss2048 middle 100 "$mail"
certificate ed25519 ed25519 middle 100 "$mail"
certificate brief-leaf P-256 brief 100 "$mail"
certificate claim P-256 middle 100 "${end}extendedKeyUsage=1.3.6.1.4.1.62558.2.1\n"
certificate document P-256 middle 100 "${end}extendedKeyUsage=1.3.6.1.5.5.7.3.36,clientAuth\n"
certificate any P-256 middle 100 "${end}extendedKeyUsage=emailProtection,anyExtendedKeyUsage\n"
certificate server P-256 middle 100 "${end}extendedKeyUsage=serverAuth\n"
certificate no-usage P-256 middle 100 "$end"
certificate stamping P-256 middle 100 "${end}extendedKeyUsage=emailProtection,timeStamping\n"
certificate ocsp-too P-256 middle 100 "${end}extendedKeyUsage=emailProtection,OCSPSigning\n"
certificate no-key-usage P-256 middle 100 "basicConstraints=critical,CA:FALSE\n${ids}extendedKeyUsage=emailProtection\n"
certificate encipher P-256 middle 100 "keyUsage=critical,keyEncipherment\n${ids}extendedKeyUsage=emailProtection\n"
certificate cert-sign P-256 middle 100 "keyUsage=critical,digitalSignature,keyCertSign\n${ids}extendedKeyUsage=emailProtection\n"
certificate no-aki P-256 middle 100 \
    "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=none\nextendedKeyUsage=emailProtection\n"
certificate authority-leaf P-256 middle 100 \
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n${ids}extendedKeyUsage=emailProtection\n"
certificate critical P-256 middle 100 "${mail}1.2.3.4.5=critical,ASN1:NULL\n"
certificate weak rsa1024 middle 100 "$mail"
certificate sha1 P-256 middle 100 "$mail" -sha1
certificate k256 secp256k1 middle 100 "$mail"
certificate product P-256 middle 100 "${mail}1.3.6.1.4.1.62558.3=ASN1:OID:1.3.6.1.4.1.62558.3.20\n1.3.6.1.4.1.62558.4=ASN1:UTF8:019bc403-5cd7\n"

# Paths: each rule of RFC 5280 has an authority that breaks it, and a leaf below.
branch() { # name issuer extensions [options]
    name=$1 parent=$2 extensions=$3
    shift 3
    certificate "$name" P-256 "$parent" 1000 "$extensions" "$@"
    certificate "$name-leaf" P-256 "$name" 100 "$mail"
}
branch no-authority root "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\n$ids"
branch no-basic root "keyUsage=critical,keyCertSign\n$ids"
branch no-cert-sign root "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n$ids"
branch no-ski root "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=keyid\n"
branch no-aki-middle root "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=none\n"
branch no-usage-middle root "basicConstraints=critical,CA:TRUE\n$ids"
branch constrained root "${authority}nameConstraints=critical,permitted;dirName:only\n[only]\nO=Another\n"
branch unknown-critical root "${authority}1.2.3.4.5=critical,ASN1:NULL\n"
certificate short P-256 root 1000 "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n$ids"
branch too-deep short "$authority"
certificate long P-256 root 1000 "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign\n$ids"
branch deep-enough long "$authority"
branch other other-root "$authority"
branch pss-signed time-root "$authority" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
certificate under-time-root P-256 time-middle 100 "$mail"

# Signatures in DER; PSS with a salt as long as the digest.
sign() { # name key digest [options]
    name=$1 pair=$2 digest=$3
    shift 3
    openssl dgst "-$digest" -sign "$pair.key" "$@" -out "$name.sig" message.bin
}
for one in es256 es384 es512; do
    for size in 256 384 512; do sign "$one-sha$size" "$one" "sha$size"; done
done
for one in ps256 ps512 pss-key; do
    for size in 256 384 512; do
        sign "$one-sha$size" "$one" "sha$size" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    done
done
sign pkcs1 ps256 sha256
sign pss-salt-20 ps256 sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20
openssl pkeyutl -sign -rawin -inkey ed25519.key -in message.bin -out ed25519.sig
for one in *.der; do
    name=${one%.der}
    [ -f "$name-sha256.sig" ] || [ "$name" = ed25519 ] || openssl dgst -sha256 -sign "$name.key" -out "$name-sha256.sig" message.bin
done

# Time stamps: one by a time-stamp server, the others with its content signed anew.
certificate stamper rsa2048 time-middle 900 "$time"
certificate stamper-p256 P-256 time-middle 900 "$time"
certificate stamper-mild P-256 time-middle 900 "${end}extendedKeyUsage=timeStamping\n"
certificate stamper-mail P-256 time-middle 900 "${end}extendedKeyUsage=critical,timeStamping,emailProtection\n"
certificate stamper-other P-256 other-root 900 "$time"
certificate stamper-root P-256 root 900 "$time"
cat time-middle.pem time-root.pem >time-chain.pem
cat root.pem other-root.pem >other-chain.pem
cat >stamp.cnf <<EOF
[tsa]
default_tsa = server
[server]
serial = ./stamp.serial
crypto_device = builtin
digests = sha256, sha384, sha512, sha1
default_policy = 1.2.3.4
accuracy = secs:1
clock_precision_digits = 6
ess_cert_id_alg = sha256
EOF
echo 01 >stamp.serial
stamp() { # name digest
    openssl ts -query -data payload.bin "-$2" -cert -out query.tsq 2>errors
    openssl ts -reply -queryfile query.tsq -config stamp.cnf -inkey stamper.key -signer stamper.pem -chain time-chain.pem \
        -sha256 -out "$1.tsr" 2>errors
    openssl ts -reply -in "$1.tsr" -token_out -out "$1.tok" 2>errors
}
stamp right sha256
stamp right-sha512 sha512
stamp imprint-sha1 sha1
openssl cms -verify -inform DER -in right.tok -noverify -out info.bin 2>errors
resign() { # name signer chain content [options]
    name=$1 signer=$2 chain=$3 content=$4
    shift 4
    openssl cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -cades -md sha256 -signer "$signer.pem" \
        -inkey "$signer.key" -certfile "$chain" -in "$content" -outform DER -out "$name.tok" "$@"
}
resign p256 stamper-p256 time-chain.pem info.bin
resign mild stamper-mild time-chain.pem info.bin
resign mail stamper-mail time-chain.pem info.bin
resign stranger stamper-other other-chain.pem info.bin
resign signers-root stamper-root other-chain.pem info.bin
resign without-certificates stamper-p256 time-chain.pem info.bin -nocerts
resign two-signers stamper-p256 time-chain.pem info.bin -signer stamper.pem -inkey stamper.key
sed 's/20[0-9][0-9]\([0-9]\{10\}\.\{0,1\}[0-9]*Z\)/2999\1/' info.bin >late.bin
resign late stamper-p256 time-chain.pem late.bin
printf 'no time stamp' >text.bin
resign text stamper-p256 time-chain.pem text.bin

# OCSP responses about es256 and middle.
certificate responder P-256 middle 900 "${end}extendedKeyUsage=OCSPSigning\nnoCheck=ignored\n"
certificate foreign-responder P-256 root 900 "${end}extendedKeyUsage=OCSPSigning\n"
serial=$(openssl x509 -in middle.pem -noout -serial | cut -d= -f2)
printf 'V\t491231235959Z\t\t1001\tunknown\t/CN=es256\n' >good.txt
printf 'R\t491231235959Z\t200101000000Z\t1001\tunknown\t/CN=es256\n' >revoked.txt
printf 'R\t491231235959Z\t200101000000Z,removeFromCRL\t1001\tunknown\t/CN=es256\n' >removed.txt
printf 'V\t491231235959Z\t\t2002\tunknown\t/CN=another\n' >unknown.txt
printf 'R\t491231235959Z\t200101000000Z\t%s\tunknown\t/CN=middle\n' "$serial" >middle.txt
respond() { # name index responder issuer subject
    openssl ocsp -issuer "$4.pem" -cert "$5.pem" -no_nonce -reqout query.ocsp 2>errors
    openssl ocsp -index "$2.txt" -CA "$4.pem" -rsigner "$3.pem" -rkey "$3.key" -reqin query.ocsp -ndays 2 -respout "$1.ocsp" \
        >errors 2>&1
}
respond good good responder middle es256
respond good-by-issuer good middle middle es256
respond revoked revoked responder middle es256
respond removed removed responder middle es256
respond unknown unknown responder middle es256
respond foreign revoked foreign-responder middle es256
respond by-leaf revoked es384 middle es256
respond middle-revoked middle root root middle
