import FixativeCommands

@main
struct Main {
    static func main() async {
        FixativeCommand.decodeIfAsked()
        await FixativeCommand.start()
    }
}
