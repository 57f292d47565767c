/** piston-client 1.0.2 comes without types. */
declare module "piston-client" {
  interface Client {
    runtimes(): Promise<readonly { readonly language: string }[]>;
    execute(language: string, code: string, config?: object): Promise<object>;
  }
  export function piston(options: { readonly server: string }): Client;
}
