// A program whose decoder does what the picture says: "misbehave:" and the name of a deed. With an argument of its own it is a
// pool's parent, for tests of what remains of workers.
import DecoderPool
import Glibc
import ImageCodecs

DecodeWorker.serveIfAsked { (bytes, recipe, limits, declared) throws(CodecError) in
    try Misdeed.inspect(bytes, recipe: recipe, limits: limits, declared: declared)
}
switch CommandLine.arguments.dropFirst().first {
case "wait": await Parent.wait()
case "leaks": await Parent.countLeaks()
case "time": await Parent.time(Array(CommandLine.arguments.dropFirst(2)))
case "compare": await Parent.compare(CommandLine.arguments.dropFirst(2))
default: exit(64)
}
