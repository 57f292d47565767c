/**
 * @module
 * What lies in the homes of people who write programs, and what it would mean to let a program have it.
 * Data: docs/permissions.md shows it.
 */

export interface ProfileEntry {
  /** Below the home folder, without `/` at its end. Of its last part `*` may be the end: `.env*`. */
  readonly path: string;
  /** What a program would get with it. */
  readonly meaning: string;
}

export interface ProfileSocket {
  /** A variable that names it, or says where its folder is. */
  readonly variable?: string;
  /** Absolute, or below what the variable names. */
  readonly path?: string;
  readonly meaning: string;
}

export const homeMeaning = "your files";

export const profileEntries: readonly ProfileEntry[] = [
  { path: ".aws", meaning: "AWS access keys" },
  { path: ".azure", meaning: "Azure sign-in" },
  { path: ".config/gcloud", meaning: "Google Cloud sign-in" },
  { path: ".oci", meaning: "Oracle Cloud keys" },
  { path: ".config/doctl", meaning: "DigitalOcean access token" },
  { path: ".config/hcloud", meaning: "Hetzner Cloud access token" },
  { path: ".config/heroku", meaning: "Heroku sign-in" },
  { path: ".fly", meaning: "Fly.io access token" },
  { path: ".vercel", meaning: "Vercel access token" },
  { path: ".wrangler", meaning: "Cloudflare sign-in" },
  { path: ".terraform.d", meaning: "Terraform access tokens" },
  { path: ".vault-token", meaning: "Vault access token" },
  { path: ".boto", meaning: "cloud access keys" },
  { path: ".s3cfg", meaning: "S3 access keys" },
  { path: ".config/rclone", meaning: "keys of cloud storage" },
  { path: ".ssh", meaning: "SSH keys" },
  { path: ".gnupg", meaning: "GnuPG keys" },
  { path: ".pki", meaning: "certificates and their keys" },
  { path: ".config/age", meaning: "age keys" },
  { path: ".config/sops", meaning: "sops keys" },
  { path: ".kube", meaning: "control of Kubernetes clusters" },
  { path: ".docker", meaning: "passwords of image registries" },
  { path: ".config/containers", meaning: "passwords of image registries" },
  { path: ".config/helm", meaning: "passwords of chart registries" },
  { path: ".config/gh", meaning: "GitHub access token" },
  { path: ".config/hub", meaning: "GitHub access token" },
  { path: ".config/glab-cli", meaning: "GitLab access token" },
  { path: ".netrc", meaning: "passwords of servers" },
  { path: ".authinfo*", meaning: "passwords of servers" },
  { path: ".git-credentials", meaning: "passwords of Git servers" },
  { path: ".config/git/credentials", meaning: "passwords of Git servers" },
  { path: ".npmrc", meaning: "npm access token" },
  { path: ".yarnrc*", meaning: "npm access token" },
  { path: ".pypirc", meaning: "PyPI access token" },
  { path: ".config/pip", meaning: "passwords of package indexes" },
  { path: ".pip", meaning: "passwords of package indexes" },
  { path: ".config/pypoetry", meaning: "PyPI access token" },
  { path: ".cargo/credentials*", meaning: "crates.io access token" },
  { path: ".gem/credentials", meaning: "RubyGems access token" },
  { path: ".bundle/config", meaning: "passwords of gem servers" },
  { path: ".m2/settings*", meaning: "passwords of Maven repositories" },
  { path: ".gradle/gradle.properties", meaning: "passwords of Maven repositories" },
  { path: ".nuget", meaning: "NuGet access token" },
  { path: ".composer/auth.json", meaning: "passwords of PHP repositories" },
  { path: ".config/composer/auth.json", meaning: "passwords of PHP repositories" },
  { path: ".hex", meaning: "Hex access token" },
  { path: ".pgpass", meaning: "database passwords" },
  { path: ".my.cnf", meaning: "database passwords" },
  { path: ".mylogin.cnf", meaning: "database passwords" },
  { path: ".env*", meaning: "passwords and keys of projects" },
  { path: ".mozilla", meaning: "browser profile: passwords and sign-ins" },
  { path: ".thunderbird", meaning: "mail, and passwords of mail servers" },
  { path: ".config/google-chrome", meaning: "browser profile: passwords and sign-ins" },
  { path: ".config/chromium", meaning: "browser profile: passwords and sign-ins" },
  { path: ".config/BraveSoftware", meaning: "browser profile: passwords and sign-ins" },
  { path: ".config/microsoft-edge", meaning: "browser profile: passwords and sign-ins" },
  { path: ".config/vivaldi", meaning: "browser profile: passwords and sign-ins" },
  { path: ".config/opera", meaning: "browser profile: passwords and sign-ins" },
  { path: ".librewolf", meaning: "browser profile: passwords and sign-ins" },
  { path: "snap/firefox", meaning: "browser profile: passwords and sign-ins" },
  { path: "snap/chromium", meaning: "browser profile: passwords and sign-ins" },
  { path: ".var/app", meaning: "data of desktop programs, browsers among them" },
  { path: ".local/share/keyrings", meaning: "keyring: saved passwords" },
  { path: ".local/share/kwalletd", meaning: "keyring: saved passwords" },
  { path: ".password-store", meaning: "password store" },
  { path: ".config/keepassxc", meaning: "settings of a password store" },
  { path: ".config/Bitwarden*", meaning: "password store" },
  { path: ".config/1Password", meaning: "password store" },
  { path: ".config/op", meaning: "password store" },
  { path: ".config/Signal", meaning: "messages and their keys" },
  { path: ".config/Slack", meaning: "Slack sign-in" },
  { path: ".config/discord", meaning: "Discord sign-in" },
  { path: ".bitcoin", meaning: "wallet" },
  { path: ".ethereum", meaning: "wallet" },
  { path: ".config/solana", meaning: "wallet" },
  { path: ".electrum", meaning: "wallet" },
  { path: ".bash_history", meaning: "commands that you typed, with what they had in them" },
  { path: ".zsh_history", meaning: "commands that you typed, with what they had in them" },
  { path: ".histfile", meaning: "commands that you typed, with what they had in them" },
  { path: ".local/share/fish", meaning: "commands that you typed, with what they had in them" },
  { path: ".python_history", meaning: "Python lines that you typed" },
  { path: ".node_repl_history", meaning: "JavaScript lines that you typed" },
  { path: ".psql_history", meaning: "SQL that you typed" },
  { path: ".mysql_history", meaning: "SQL that you typed" },
  { path: ".claude*", meaning: "access token and conversations of Claude Code" },
  { path: ".codex", meaning: "access token and conversations of Codex" },
  { path: ".gemini", meaning: "access token of the Gemini CLI" },
  { path: ".cursor", meaning: "settings and tokens of Cursor" },
  { path: ".aider*", meaning: "API keys and conversations of Aider" },
  { path: ".continue", meaning: "API keys of Continue" },
  { path: ".config/github-copilot", meaning: "GitHub Copilot access token" },
  { path: ".config/openai", meaning: "OpenAI API key" },
  { path: ".config/anthropic", meaning: "Anthropic API key" },
  { path: ".config/Code", meaning: "settings and sign-ins of Visual Studio Code" },
  { path: ".config/Cursor", meaning: "settings and sign-ins of Cursor" },
  { path: ".huggingface", meaning: "Hugging Face access token" },
  { path: ".cache/huggingface/token", meaning: "Hugging Face access token" },
  { path: ".kaggle", meaning: "Kaggle API key" },
];

const desktop = "your screen and keyboard: it can see and type all that you do";
const engine = "full control of this machine";

export const profileSockets: readonly ProfileSocket[] = [
  { variable: "SSH_AUTH_SOCK", meaning: "signs in as you with your SSH keys" },
  { path: "/var/run/docker.sock", meaning: engine },
  { path: "/run/docker.sock", meaning: engine },
  { variable: "XDG_RUNTIME_DIR", path: "docker.sock", meaning: "starts containers as you" },
  { path: "/run/podman/podman.sock", meaning: engine },
  { path: "/run/containerd/containerd.sock", meaning: engine },
  { variable: "XDG_RUNTIME_DIR", path: "podman/podman.sock", meaning: "starts containers as you" },
  {
    variable: "XDG_RUNTIME_DIR",
    path: "bus",
    meaning: "your desktop's services: it can start programs as you",
  },
  { path: "/run/dbus/system_bus_socket", meaning: "services of this machine" },
  {
    variable: "XDG_RUNTIME_DIR",
    path: "gnupg/S.gpg-agent",
    meaning: "signs and decrypts with your keys",
  },
  { variable: "HOME", path: ".gnupg/S.gpg-agent", meaning: "signs and decrypts with your keys" },
  {
    variable: "XDG_RUNTIME_DIR",
    path: "keyring/ssh",
    meaning: "signs in as you with your SSH keys",
  },
  { variable: "XDG_RUNTIME_DIR", path: "keyring/control", meaning: "keyring: saved passwords" },
  { path: "/tmp/.X11-unix/X0", meaning: desktop },
  { path: "/tmp/.X11-unix/X1", meaning: desktop },
  { variable: "XDG_RUNTIME_DIR", path: "wayland-0", meaning: "windows on your screen" },
  { variable: "XDG_RUNTIME_DIR", path: "wayland-1", meaning: "windows on your screen" },
  {
    variable: "XDG_RUNTIME_DIR",
    path: "pipewire-0",
    meaning: "your microphone, camera and screen",
  },
];
