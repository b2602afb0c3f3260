/// The text and the script with which a third party checks a seal, without Fixative.
enum SealProof {
    static let explanation = """
        How to check a seal

        On the day named in seal.json, the archive wrote down for each record of that day what it said: one line of JSON, the
        leaf. It built a Merkle tree over all leaves (RFC 6962). A time-stamp authority may have signed the root of the tree
        with its own clock (RFC 3161). So the leaf, which names the SHA-256 of the original, existed at that time, and has not
        changed since.

        The files in N/seal
          leaf.json       the leaf of this result, byte for byte, without a line end
          path.txt        the other hashes on the way to the root, from the bottom to the top, each with its side
          root.txt        the root
          seal.json       the day, the size of the tree, and the SHA-256 of the seal's file in the archive
          timestamp.tst   the token of the time-stamp authority over the root; missing if there is none yet

        With the script (it needs sh, openssl and sha256sum)
          sh check-seal.sh 0
          sh check-seal.sh 0 authority.pem      also checks the authority's signature up to its root certificate, which you
                                                get from the authority itself

        By hand
          1. The original belongs to the leaf: the output of 'sha256sum 0/original.*' is in leaf.json.
             The leaf also has the SHA-256 of the record at that time, as "record". A record that got a later verdict has
             another one; then the facts in the leaf itself count.
          2. The hash of the leaf is the SHA-256 of one byte 00 and the leaf:
               { printf '\\000'; cat 0/seal/leaf.json; } | sha256sum
          3. For each line of path.txt, from the top: the next hash is the SHA-256 of one byte 01, the left hash and the right
             hash, each as 32 bytes. The line has the other hash and says on which side it is.
          4. The last hash equals root.txt.
          5. The time stamp is over the root, and the authority signed it:
               openssl ts -reply -token_in -in 0/seal/timestamp.tst -text
               openssl ts -verify -digest "$(cat 0/seal/root.txt)" -token_in -in 0/seal/timestamp.tst -CAfile authority.pem
             If the authority's certificate has ended since, add '-attime' and the time of the stamp in seconds since 1970:
             the certificate must have been valid then.

        Without a time stamp, the seal proves only as much as the archive is trusted.

        """

    static let script = """
        #!/bin/sh
        # Checks that a result of this package belongs to a sealed record. It needs openssl and sha256sum only.
        # usage: sh check-seal.sh N [CA.pem]     N is the folder of the result; CA.pem is the root of the time-stamp authority
        set -eu
        result=${1:?usage: sh check-seal.sh N [CA.pem]}
        authority=${2:-}
        seal=$result/seal

        fail() {
            echo "FAILED: $1" >&2
            exit 1
        }
        # Reads hexadecimal digits, writes bytes.
        bytes() {
            for pair in $(printf '%s\\n' "$1" | fold -w 2); do
                printf "\\\\$(printf '%03o' "0x$pair")"
            done
        }
        digest() {
            sha256sum | cut -c 1-64
        }

        [ -f "$seal/leaf.json" ] || fail "$seal/leaf.json is missing: this result is not sealed"
        named=$(sed -n 's/.*"original":{"bytes":[0-9]*,"digest":"\\([0-9a-f]*\\)".*/\\1/p' "$seal/leaf.json")
        sealed=$(sed -n 's/.*"record":"\\([0-9a-f]*\\)".*/\\1/p' "$seal/leaf.json")

        for original in "$result"/original.*; do
            [ -f "$original" ] || continue
            [ "$(digest <"$original")" = "$named" ] || fail "$original is not the original that the leaf names"
            echo "ok: $original is the original that the leaf names"
        done
        if [ -f "$result/record.json" ]; then
            if [ "$(digest <"$result/record.json")" = "$sealed" ]; then
                echo "ok: record.json is unchanged since the seal"
            else
                echo "note: record.json was rewritten since the seal, for example by a later verdict; the leaf counts"
            fi
        fi

        hash=$({ printf '\\000'; cat "$seal/leaf.json"; } | digest)
        while read -r side other; do
            case $side in
            left) hash=$({ printf '\\001'; bytes "$other"; bytes "$hash"; } | digest) ;;
            right) hash=$({ printf '\\001'; bytes "$hash"; bytes "$other"; } | digest) ;;
            *) fail "path.txt has a line that is neither left nor right" ;;
            esac
        done <"$seal/path.txt"
        root=$(cat "$seal/root.txt")
        [ "$hash" = "$root" ] || fail "the path leads to $hash and not to the root $root"
        echo "ok: the leaf and its path lead to the root $root"

        token=$seal/timestamp.tst
        if [ ! -f "$token" ]; then
            echo "note: the seal has no time stamp"
            exit 0
        fi
        upper=$(printf '%s' "$root" | tr abcdef ABCDEF)
        # The signature of the token, by the certificate inside it. Who issued that certificate is the next question.
        openssl cms -verify -noverify -binary -inform DER -in "$token" 2>/dev/null | openssl asn1parse -inform DER |
            grep -q "OCTET STRING.*:$upper" || fail "the time stamp is not signed, or is over another root"
        time=$(openssl ts -reply -token_in -in "$token" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
        echo "ok: the time stamp is over this root: $time"
        if [ -z "$authority" ]; then
            echo "note: name the root certificate of the authority to check who signed the time stamp:"
            echo "      sh check-seal.sh $result CA.pem"
            exit 0
        fi
        verify() {
            openssl ts -verify -digest "$root" -token_in -in "$token" -CAfile "$authority" "$@" >/dev/null 2>&1
        }
        if verify; then
            echo "ok: an authority below $authority signed the time stamp"
        elif moment=$(date -u -d "$time" +%s 2>/dev/null) && verify -attime "$moment"; then
            echo "ok: an authority below $authority signed the time stamp; its certificate was valid then and is not now"
        else
            fail "the time stamp is not by an authority below $authority; see SEALS.txt for certificates that have ended"
        fi

        """
}
