const CALLBACK = /^[A-Za-z_$][\w$.]{0,127}$/

/** May this text be called in a JSONP answer? A name or a path of names, nothing that could be other code. */
export function isCallbackName(text: string): boolean {
  return CALLBACK.test(text)
}
