/** Names of machines, as Docker has them. */

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', x86_64: 'amd64', i686: '386', aarch64: 'arm64', armv7l: 'arm', ppc64: 'ppc64le', loong64: 'loong64' };

/** This process's, such as linux/amd64. */
export function ownPlatform(): string {
  return `${process.platform}/${architecture(process.arch)}`;
}

/** The same for a name of Docker's or of uname's: linux/arm64/v8 and Linux/aarch64 are linux/arm64. */
export function normalPlatform(name: string): string {
  const [system = '', machine = ''] = name.toLowerCase().split('/');
  return `${system}/${architecture(machine)}`;
}

function architecture(name: string): string {
  return ARCHITECTURES[name] ?? name;
}
