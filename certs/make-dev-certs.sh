#!/usr/bin/env bash
# Makes a certificate authority and a serving certificate for podgate, for development: the keys lie in files.
#   certs/make-dev-certs.sh [FOLDER] [NAME...]
# FOLDER is `target/dev-certs` unless given. The NAMEs, host names or IP addresses, are added to those of the Service.
set -euo pipefail
umask 077

folder=${1:-target/dev-certs}
if [ $# -gt 0 ]; then shift; fi

alternatives="DNS:podgate.podgate.svc,DNS:podgate.podgate.svc.cluster.local"
for name in "$@"; do
  if [[ $name =~ ^[0-9.]+$ || $name == *:* ]]; then
    alternatives+=",IP:$name"
  else
    alternatives+=",DNS:$name"
  fi
done

mkdir -p "$folder"
if [ -e "$folder/ca.key" ]; then
  echo "the authority in $folder is used again" >&2
else
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/ca.key"
  openssl req -x509 -new -key "$folder/ca.key" -sha256 -days 365 -subj "/CN=podgate development CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -out "$folder/ca.crt"
fi

# Key and certificate are made beside the old pair and moved into place together.
new=$(mktemp -d "$folder/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
openssl ecparam -name prime256v1 -genkey -noout -out "$new/tls.key"
openssl req -new -key "$new/tls.key" -subj "/CN=podgate" -out "$new/request.pem"
cat >"$new/extensions" <<END
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $alternatives
END
serial=0x$(openssl rand -hex 16)
openssl x509 -req -in "$new/request.pem" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -set_serial "$serial" \
  -sha256 -days 90 -extfile "$new/extensions" -out "$new/tls.crt" 2>/dev/null
openssl verify -purpose sslserver -CAfile "$folder/ca.crt" "$new/tls.crt" >/dev/null
mv "$new/tls.key" "$new/tls.crt" "$folder/"

cat <<END
Made in $folder: ca.crt, ca.key, tls.crt, tls.key (90 days, $alternatives)

Put the pair where the Deployment looks for it:

  kubectl create secret tls podgate-serving --namespace podgate --cert=$folder/tls.crt --key=$folder/tls.key \\
    --dry-run=client -o yaml | kubectl apply -f -

Tell the API server whom to believe, once deploy/webhooks.yaml is applied:

  ca=\$(base64 <$folder/ca.crt | tr -d '\\n')
  for kind in mutating validating; do
    kubectl patch "\${kind}webhookconfiguration" podgate --type=json \\
      -p "[{\"op\": \"add\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"\$ca\"}]"
  done
END
