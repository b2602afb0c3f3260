import FixativeCommands

@main
struct Main {
    static func main() async { await FixativeCommand.start() }
}
