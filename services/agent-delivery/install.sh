#!/bin/sh
# Installs the Homeport agent as a service of systemd, beside a Docker or Podman engine. Everything it needs, Node and libraries
# included, comes from the control plane. It reads NAME=VALUE lines from stdin: HOMEPORT_URL, and what the agent is to know.
#
#   sh install.sh <settings       installs, or installs anew with these settings
#   sh install.sh --uninstall     takes it all away again
#
# ROOT=/some/folder installs below that folder, for trying it out.
set -eu

fail() {
  printf 'homeport: %s\n' "$1" >&2
  exit 1
}

say() {
  printf 'homeport: %s\n' "$1"
}

uninstall() {
  systemctl disable --now homeport-agent.service || true
  rm -rf "$home" "$settings_folder" "$unit"
  systemctl daemon-reload
  say 'the agent is gone; what it kept is in /var/lib/homeport-agent'
}

# Only what the agent knows is taken, so that a line that came along by mistake does nothing.
read_settings() {
  settings=
  while IFS= read -r line || [ -n "$line" ]; do
    name=${line%%=*}
    value=${line#*=}
    case $value in
      *\'*) fail "the value of $name holds a quote" ;;
    esac
    case $name in
      HOMEPORT_URL) url=$value ;;
      HOMEPORT_PIN) pin=$value ;;
      DOCKER_HOST) docker_host=$value ;;
      EDGE_ID | EDGE_KEY | EDGE_INSECURE_POLL | EDGE_CA_FILE | EDGE_INACTIVITY_TIMEOUT | HTTPS_PROXY | NO_PROXY | LOG_LEVEL) ;;
      '') continue ;;
      *) fail "there is no setting $name" ;;
    esac
    case $name in
      EDGE_INSECURE_POLL) insecure=$value ;;
      HTTPS_PROXY) export HTTPS_PROXY="$value" ;;
      NO_PROXY) export NO_PROXY="$value" ;;
    esac
    case $name in
      HOMEPORT_*) ;;
      *) settings="$settings$name='$value'
" ;;
    esac
  done
}

fetch() {
  set -- --fail --silent --show-error --retry 9 --output "$2" "$url/agent/$1"
  [ -z "$pin" ] || set -- --pinnedpubkey "$pin" "$@"
  # With a pin, whose key it is has been settled.
  [ "$insecure" != 1 ] || [ -z "$pin" ] || set -- --insecure "$@"
  curl "$@"
}

# Beside what is there, and then in its place: an agent that runs goes on with the files it has.
install_files() {
  mkdir -p "${home%/*}" "$settings_folder" "${unit%/*}"
  rm -rf "$home.new"
  mkdir "$home.new"
  machine=$(uname -m)
  fetch "image.tar.gz?platform=linux/$machine" "$home.new/image.tar.gz" || {
    rm -rf "$home.new"
    fail "the agent for $machine can't be fetched from $url: the line above says why; 404 means that the control plane runs on another kind of machine"
  }
  gzip -dc "$home.new/image.tar.gz" | tar -xOf - layer.tar | tar -xf - -C "$home.new"
  rm "$home.new/image.tar.gz"
  [ -s "$home.new/homeport/launch" ] || fail 'what came from the control plane is not whole; try again'
  rm -rf "$home.old"
  [ ! -e "$home" ] || mv "$home" "$home.old"
  mv "$home.new" "$home"
  rm -rf "$home.old"
}

# The loader and the folders of libraries that came along: those of this machine may be older than Node needs.
launch_command() {
  {
    read -r loader
    read -r flag
    read -r folders
  } <"$home/homeport/launch"
  paths=
  rest=$folders:
  while [ -n "$rest" ]; do
    paths="$paths${paths:+:}$home${rest%%:*}"
    rest=${rest#*:}
  done
  printf '%s %s %s %s %s' "$home$loader" "$flag" "$paths" "$home/bin/node" "$home/homeport/agent.mjs"
}

# A user who is nobody else, in the group that may use the engine's socket; where that is root's own, root without capabilities.
identity() {
  group=$(stat -Lc %g "$1" 2>/dev/null || printf 0)
  if [ "$group" -eq 0 ]; then
    printf 'User=root'
  else
    printf 'DynamicUser=yes\nSupplementaryGroups=%s' "$group"
  fi
}

authorities() {
  for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -e "$file" ]; then
      printf 'Environment=SSL_CERT_FILE=%s' "$file"
      return
    fi
  done
}

write_unit() {
  cat >"$unit" <<UNIT
[Unit]
Description=Homeport agent
Wants=network-online.target
After=network-online.target docker.service podman.socket
StartLimitIntervalSec=0

[Service]
ExecStart=$(launch_command)
EnvironmentFile=$settings_folder/agent.env
Environment=DATA_PATH=/var/lib/homeport-agent NODE_USE_SYSTEM_CA=1
$(authorities)
SyslogIdentifier=homeport-agent
Restart=always
RestartSec=5
$(identity "${docker_host#unix://}")
StateDirectory=homeport-agent
StateDirectoryMode=0700
UMask=0077
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
UNIT
}

write_settings() {
  (
    umask 077
    printf '%s' "$settings" >"$settings_folder/agent.env.new"
  )
  mv "$settings_folder/agent.env.new" "$settings_folder/agent.env"
}

# All of it is read before any of it runs: a script that was cut off on the way does nothing.
main() {
  root=${ROOT:-}
  home=$root/opt/homeport-agent
  settings_folder=$root/etc/homeport-agent
  unit=$root/etc/systemd/system/homeport-agent.service
  [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail 'run this as root, such as in a shell of sudo -i'
  if [ "${1:-}" = --uninstall ]; then
    uninstall
    return
  fi
  for program in systemctl curl tar gzip; do
    command -v "$program" >/dev/null || fail "there is no $program, and it is needed"
  done
  url=
  pin=
  insecure=0
  docker_host=unix:///var/run/docker.sock
  read_settings
  [ -n "$url" ] || fail 'HOMEPORT_URL is missing: paste the whole command that the environment shows'
  [ -S "${docker_host#unix://}" ] || say "there is no engine's socket at ${docker_host#unix://} yet: start the engine, or give DOCKER_HOST and install anew"
  install_files
  write_settings
  write_unit
  systemctl daemon-reload
  systemctl enable homeport-agent.service
  systemctl restart homeport-agent.service
  say 'the agent is installed; journalctl -u homeport-agent shows what it says'
}

main "$@"
