// Made by cwebp and webpmux 1.2.4 from the 19x13 picture of `Fixture.colours`; pixels as dwebp decodes them.
// `webpOffset` is an animation of 23x15 pixels whose first frame lies at 4, 2.
extension Fixture {
    static let webpLossy = Fixture(
        file: """
            UklGRqoAAABXRUJQVlA4IJ4AAAAQBQCdASoTAA0APm0skkWkIqGYBABABsS2AE6ZQjgRYFWlwUD11QHkD3tOiBRAltpgAP71oVJDEfwvWKcgPc5Uy7trm2
            lm0bsu26L+z/8t7vyGPsHm4iDIf/ACA8m4/+WZ5X0xvOX/LLzaRe0/bWcF+jCLLQi5/jSX/9ghP/ZvM7w7cWdgoZcybgockJvghN5/wjP9Dar6eEZ/oAAA
            AA==
            """,
        pixels: """
            GDC+Gy+6IS+1Ki6uNC6nPC6eQi6ZUCqSYyaKcieFdjCAgjB1mClooiVYpSZOqiVGtytMuytMvy1MGzrBHzi/Jji4LjexODiqPzejRzecUjSVZDCPdTGGhT
            V7mDZurzZhvDRXvzROvzVMvDRNvDZOwTlQIEfEI0bAKUa7MUazO0arRESkSkSfU0OYYUGSej+FnjtsuTlXzTxH1jw82zo61Tw+wkFLu0ZQwElRIFLDIlK/
            KlK4MVGxO1KqQ1GjS1GcUlCXW1CReUyCrEJjyT1F2Tsu3zgh4Tgh1jsrxkxFvFFPwFNPI2PEJWPALGK5NGKyPmKqRmKjTmKdVGKZW2STeFuAq01fzEI/3E
            Eo5D8c4jsY1kAjx1RAwV1NxmBOInDBJW+/LW64NG6xP26pRm2iT26cVW6VWnCSc2l/pFpjxE5J00It5kws1T0a1lEuyWNDwWtNxW1NJ33EKnzAMHy7N3yy
            QnyqS3ujUnygWXuZYH2RdXeGlW12tGFmvERBykM4wUcuvlYyxXVMv3tOwnxNJoq/KYm9L4m4OIixQoerS4akUoehWoeYYYmOb4aFhoB9nHZzvHFts1pNzn
            5kuXROvoRRu4hMv4pMIpi2KJq4M5y5PZq0RZiuTpapWZipYJqgZZuNbZ2Efp6DjJp/nJN2pZJyrZVytplquZRTvZVKwZlNLZytM56uO6KxRKGvTKCrVKCp
            XqOpYaaeXqeMYaqBbK6Dcq2Aeap6f6p3iq57lLBymrFeoLNYorVbBFFeB1VhDVtjEl9iFWNiG2dfIWtgInNdIYBZI4hYKo5YL5NYNZhXO51YQKJaQKlWQr
            lTPr1OQMBQGE9aGlRcHVpeH2FfImheI29eJnVdJXxcIIdbHY5aIZZaIpxaIqJXJKdWKK5aJLdYIMtYHNFWHtRZHkhRIExUIlNVIVtVIWNWIWtVI3NVIXtW
            IIVYH45YIZZaIJ1aH6RXH6pWIrJaHbpYHMlWGtJUHNVX
            """)

    static let webpLossless = Fixture(
        file: """
            UklGRqIAAABXRUJQVlA4TJUAAAAvEgADAJkuRPQ/NhHR/5CwiW0rzqsYKiokZKsRgoKIi4YIiRAkpGVHwVPwBmltK/n5ZSZhCDLZbGYYs0OYGYLsOEhqW8
            2vgyMBjgQ4YhECh8PNTU2uzncxAZc9wIFOaPd5/jb1mj2kiQvBjnYwV3uqLiT/25emcPKrzsIoYJOYqzPeAHzXxjapQ7qfAzph9ENZYSAXBQA=
            """,
        pixels: """
            FCjIHijBKCi6MiizPCisRiilUCieWiiXZCiQbiiJeCiCgih7jCh0lihtoChmqihftChYvihRyChKFDbIHjbBKDa6MjazPDasRjalUDaeWjaXZDaQbjaJeD
            aCgjZ7jDZ05jwooDZmqjZftDZYvjZRyDZKFETIHkTBKES6MkSzPESsRkSlUESeWkSXZESQbkSJeESC5jwo5jwo5jwo5jwo5jwotERYvkRRyERKFFLIHlLB
            KFK6MlKzPFKsRlKlUFKeWlKXZFKQblKJeFKC5jwo5jwo5jwo5jwo5jwotFJYvlJRyFJKFGDIHmDBKGC6MmCzPGCsRmClUGCeWmCXZGCQbmCJ5jwo5jwo5j
            wo5jwo5jwo5jwo5jwovmBRyGBKFG7IHm7BKG66Mm6zPG6sRm6lUG6eWm6XZG6Qbm6JeG6C5jwo5jwo5jwo5jwo5jwotG5Yvm5RyG5KFHzIHnzBKHy6Mnyz
            PHysRnylUHyeWnyXZHyQbnyJeHyC5jwo5jwo5jwo5jwo5jwotHxYvnxRyHxKFIrIHorBKIq6MoqzPIqsRoqlUIqeWoqXZIqQboqJeIqCgop7jIp05jwooI
            pmqopftIpYvopRyIpKFJjIHpjBKJi6MpizPJisRpilUJieWpiXZJiQbpiJeJiCgph7jJh0lphtoJhmqphftJhYvphRyJhKFKbIHqbBKKa6MqazPKasRqal
            UKaeWqaXZKaQbqaJeKaCgqZ7jKZ0lqZtoKZmqqZftKZYvqZRyKZKHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5aHoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHs
            ZaHs5aHtZaHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5aHoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHsZaHs5aHtZaHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5a
            HoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHsZaHs5aHtZa
            """)

    static let webpLossyAlpha = Fixture(
        file: """
            UklGRuYAAABXRUJQVlA4WAoAAAAQAAAAEgAADAAAQUxQSB8AAAABmTJE9D+gtG0jyOj4t/+6hUcjJmAChFFS4JA+oCUAAFZQOCCgAAAAMAUAnQEqEwANAD
            5tLJJFpCKhmAQAQAbEtgBOmUI4EWBVpcFA9dUB5BM7Y0TP2QlSxAAA/uyBfPmjXjOrsoeISrFVIHz+d68f0jUGfyAR/Wv/lvd+Qx9g83EQZD/4AQHk3H/y
            zPK+mN5y/5ZebSL2n85WaCGVx1fEfZPCG3/YIT/2bzO8O3FnYKGXMm4KHJCb4ITef8Iz/Q2q+nhGf6AAAA==
            """,
        pixels: """
            QFnnADxR3ABCUdcAMTW1EjYxqRg9L58eQi6ZJE4pkSphI4gwbiSBNnErfDx+LXFClSdlSKEkV06kJE1UqSRFWrcrTGC7K0xmwC5NbDhX3gA4UtkAQlTUAD
            I8tiY7O60sQjmlMkg4nThSNJU+Yy+ORHMvg0qBMnhQkzFpVrA4Y1y8NFdivzROaL81TG68NE10vDZOesA4T4AuVdIAMFPNAD5b0AAyR7Q6QEqvQEhIp0ZM
            R6FMVESZUmFBklh5PoRenDlqZLY2U2rQP0lw2D09dtw7O3zWPT+CwkFLiLtGUI7ASVGUI1XGAChYxQA4YMYAMFCwTkFXsFRIVqdaTlSfYFRSmWZcUZJseU
            yCcqpBYnjJPUV+2jwvhOI7I4rjOiOQ2D4tlsZMRZy8UU+iwFNPqC1tzgAiYb0ALGK5ADhmt2JAZKxoR2Okbk5inXRUYpl6W2STgHhbgIapS12MykA8ktxB
            KJjuSSae4ToXpN1HKqrHVECwwV1NtsZgTrwhb78AHWe2ACZnsQA3cLN2QnGtfEhwpIJQb56IVm+Xjltxk5R1aoCapFpjoMNNR6bYRzGs4kgnstpDILjTTi
            y+yWNDxMFrTcrFbU3QFm20ABVnqwAibq0ANnuxikaBr5BOfqeWVH6inFx+m6Jjf5Ood3mIrpdud7S1Yme6vUVCwMQ9MsbFTDPMuVEu0sV1TNi/e07ewnxN
            5ApuowAMbKAAHHalADSErZ5IjbGkUIupqlaLpLBdipu2ZY2RvHKJiMKIgoDIn3l1zrVqZtS5YFPaynph4Lx3Uea+hFHsu4hM8r+KTPgHfZwAFoelABZ/mw
            A4lq+yRZiuuFCYq75bmqzEYZuhymacj9BtnYTWfZ2C3IuZfeKakXToo49v7quTcPSzlmf6vphX/8KaT//EnFH/GIeYABaBkQAfhpUAQ6CuxkabpcxQnKTS
            WZ+l2F2jm95ep4zkYquC6myug/ByrYD2eap6/H+qd/+Krnv/lLBy/5qxXv+fslf/obRa/y17iAAxf4sAK3qBABBcYNoYZWTgHWli5iNuYuwjdV7yH35X+B
            +EVf4liVP/KY5T/zmcW/8+n1r/Q6Ze/0SsWf9Eu1X/QMBQ/0PCU/9HfokAPHZ+AD56fwAhY2HuH2Vb9CBrW/ojcln/I3pa/x6EWf8cjVn/H5RY/x+aV/8p
            qV7/K65d/y60YP8pvV7/IcxZ/xzRVv8e1Fn/THV+AEVyeQBKfH4AI1xX/yRmWP8ha1X/I3NV/yJ8V/8ghVj/H45Y/yCVWf8gnVr/Iqdb/ySuW/8ltV7/Ib
            5b/xvIVf8Wz1H/G9RW/w==
            """)

    static let webpLosslessAlpha = Fixture(
        file: """
            UklGRtAAAABXRUJQVlA4TMMAAAAvEgADEJkyRPQ/NhHR/3CwiW07yq8yqShRsNYoQEE0oiEKUIACFFBSMbRZJVx2pLWt5OefnYRsNpPNZoYxOwTZbGYNN/
            gZaW0r+e2vQqTZbExgcyyHoNlsNJM21qEpbtvGDTH1f2UCuvZCWH5hXWFtagEAAT5h5eFIAxC1r01ExxdqXCLSr0nYAAB/3BKu/MJZLVWloqo9zeGcvtRi
            KYoN4PzEDWcQFjsPc7t/6l8CmDTWAyT5Ry5a9Grxv6nAR0YBThIA
            """,
        pixels: """
            FCjIAB4owQAoKLoAMiizEjworBhGKKUeUCieJFoolypkKJAwbiiJNngogjyCKHtCjCh0SJYobU6gKGZUqihfWrQoWGC+KFFmyChKbBQ2yAAeNsEAKDa6AD
            I2syY8NqwsRjalMlA2njhaNpc+ZDaQRG42iUp4NoJQgjZ7Vow2dFzmPChioDZmaKo2X260Nlh0vjZResg2SoAURMgAHkTBAChEugAyRLM6PESsQEZEpUZQ
            RJ5MWkSXUmREkFhuRIleeESCZOY8KGrmPChw5jwoduY8KHzmPCiCtERYiL5EUY7IREqUFFLIAB5SwQAoUroAMlKzTjxSrFRGUqVaUFKeYFpSl2ZkUpBsbl
            KJcnhSgnjmPCh+5jwohOY8KIrmPCiQ5jwolrRSWJy+UlGiyFJKqBRgyAAeYMEAKGC6ADJgs2I8YKxoRmClblBgnnRaYJd6ZGCQgG5giYbmPCiM5jwokuY8
            KJjmPCie5jwopOY8KKrmPCiwvmBRtshgSrwUbsgAHm7BAChuugAybrN2PG6sfEZupYJQbp6IWm6XjmRukJRubomaeG6CoOY8KKbmPCis5jwosuY8KLjmPC
            i+tG5YxL5uUcrIbkrQFHzIAB58wQAofLoAMnyzijx8rJBGfKWWUHyenFp8l6JkfJCobnyJrnh8grTmPCi65jwowOY8KMbmPCjM5jwo0rR8WNi+fFHeyHxK
            5BSKyAAeisEAKIq6ADKKs548iqykRoqlqlCKnrBaipe2ZIqQvG6KicJ4ioLIgop7zoyKdNTmPCjaoIpm4KqKX+a0iljsvopR8siKSvgUmMgAHpjBACiYug
            AymLOyPJisuEaYpb5QmJ7EWpiXymSYkNBumInWeJiC3IKYe+KMmHTolpht7qCYZvSqmF/6tJhY/76YUf/ImEr/FKbIAB6mwQAoproAMqazxjymrMxGpqXS
            UKae2Fqml95kppDkbqaJ6nimgvCCpnv2jKZ0/Jambf+gpmb/qqZf/7SmWP++plH/yKZK/x5GWgAeTloAHlZaAB5eWtoeZlrgHm5a5h52WuweflryHoZa+B
            6OWv4ellr/Hp5a/x6mWv8erlr/HrZa/x6+Wv8exlr/Hs5a/x7WWv8eRloAHk5aAB5WWgAeXlruHmZa9B5uWvoedlr/Hn5a/x6GWv8ejlr/HpZa/x6eWv8e
            plr/Hq5a/x62Wv8evlr/HsZa/x7OWv8e1lr/HkZaAB5OWgAeVloAHl5a/x5mWv8eblr/HnZa/x5+Wv8ehlr/Ho5a/x6WWv8enlr/HqZa/x6uWv8etlr/Hr
            5a/x7GWv8ezlr/HtZa/w==
            """)

    static let webpAnimated = Fixture(
        file: """
            UklGRpABAABXRUJQVlA4WAoAAAACAAAAEgAADAAAQU5JTQYAAAD/////AABBTk1GrgAAAAAAAAAAABIAAAwAAGQAAABWUDhMlQAAAC8SAAMAmS5E9D82Ed
            H/kLCJbSvOqxgqKiRkqxGCgoiLhgiJECSkZUfBU/AGaW0r+fllJmEIMtlsZhizQ5gZguw4SGpbza+DIwGOBDhiEQKHw81NTa7OdzEBlz3AgU5o93n+NvWa
            PaSJC8GOdjBXe6ouJP/bl6Zw8qvOwihgk5irM94AfNfGNqlDup8DOmH0Q1lhIBcFAEFOTUauAAAAAAAAAAAAEgAADAAAZAAAAFZQOEyWAAAALxIAAwCZLk
            T0PzYR0f+QsIltK86vGCoqJCxJmUEICqIyQiIEBZm07Ch4Ct4ojWw1+jWh0WhUriJSRzRFoFPEqVIOWmltLdnXqIxCYwLwdwKayzmBzWazMVJMwPm6BE00
            QGn1/j45qvgLANUOtMUASvZnykru243VFb+8lEW0YD9KDqalEvTISz4xQt7TuPxK/AETBdgU
            """,
        pixels: """
            FCjIHijBKCi6MiizPCisRiilUCieWiiXZCiQbiiJeCiCgih7jCh0lihtoChmqihftChYvihRyChKFDbIHjbBKDa6MjazPDasRjalUDaeWjaXZDaQbjaJeD
            aCgjZ7jDZ05jwooDZmqjZftDZYvjZRyDZKFETIHkTBKES6MkSzPESsRkSlUESeWkSXZESQbkSJeESC5jwo5jwo5jwo5jwo5jwotERYvkRRyERKFFLIHlLB
            KFK6MlKzPFKsRlKlUFKeWlKXZFKQblKJeFKC5jwo5jwo5jwo5jwo5jwotFJYvlJRyFJKFGDIHmDBKGC6MmCzPGCsRmClUGCeWmCXZGCQbmCJ5jwo5jwo5j
            wo5jwo5jwo5jwo5jwovmBRyGBKFG7IHm7BKG66Mm6zPG6sRm6lUG6eWm6XZG6Qbm6JeG6C5jwo5jwo5jwo5jwo5jwotG5Yvm5RyG5KFHzIHnzBKHy6Mnyz
            PHysRnylUHyeWnyXZHyQbnyJeHyC5jwo5jwo5jwo5jwo5jwotHxYvnxRyHxKFIrIHorBKIq6MoqzPIqsRoqlUIqeWoqXZIqQboqJeIqCgop7jIp05jwooI
            pmqopftIpYvopRyIpKFJjIHpjBKJi6MpizPJisRpilUJieWpiXZJiQbpiJeJiCgph7jJh0lphtoJhmqphftJhYvphRyJhKFKbIHqbBKKa6MqazPKasRqal
            UKaeWqaXZKaQbqaJeKaCgqZ7jKZ0lqZtoKZmqqZftKZYvqZRyKZKHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5aHoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHs
            ZaHs5aHtZaHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5aHoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHsZaHs5aHtZaHkZaHk5aHlZaHl5aHmZaHm5aHnZaHn5a
            HoZaHo5aHpZaHp5aHqZaHq5aHrZaHr5aHsZaHs5aHtZa
            """)

    static let webpOffset = Fixture(
        file: """
            UklGRpABAABXRUJQVlA4WAoAAAACAAAAFgAADgAAQU5JTQYAAAD/////AABBTk1GrgAAAAIAAAEAABIAAAwAAGQAAABWUDhMlQAAAC8SAAMAmS5E9D82Ed
            H/kLCJbSvOqxgqKiRkqxGCgoiLhgiJECSkZUfBU/AGaW0r+fllJmEIMtlsZhizQ5gZguw4SGpbza+DIwGOBDhiEQKHw81NTa7OdzEBlz3AgU5o93n+NvWa
            PaSJC8GOdjBXe6ouJP/bl6Zw8qvOwihgk5irM94AfNfGNqlDup8DOmH0Q1lhIBcFAEFOTUauAAAAAAAAAAAAEgAADAAAZAAAAFZQOEyWAAAALxIAAwCZLk
            T0PzYR0f+QsIltK86vGCoqJCxJmUEICqIyQiIEBZm07Ch4Ct4ojWw1+jWh0WhUriJSRzRFoFPEqVIOWmltLdnXqIxCYwLwdwKayzmBzWazMVJMwPm6BE00
            QGn1/j45qvgLANUOtMUASvZnykru243VFb+8lEW0YD9KDqalEvTISz4xQt7TuPxK/AETBdgU
            """,
        pixels: """
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAUKMj/HijB/ygouv8yKLP/PCis/0Yopf9QKJ7/WiiX/2QokP9uKIn/eCiC/4Ioe/+MKHT/liht/6AoZv+qKF//tC
            hY/74oUf/IKEr/AAAAAAAAAAAAAAAAAAAAABQ2yP8eNsH/KDa6/zI2s/88Nqz/Rjal/1A2nv9aNpf/ZDaQ/242if94NoL/gjZ7/4w2dP/mPCj/oDZm/6o2
            X/+0Nlj/vjZR/8g2Sv8AAAAAAAAAAAAAAAAAAAAAFETI/x5Ewf8oRLr/MkSz/zxErP9GRKX/UESe/1pEl/9kRJD/bkSJ/3hEgv/mPCj/5jwo/+Y8KP/mPC
            j/5jwo/7REWP++RFH/yERK/wAAAAAAAAAAAAAAAAAAAAAUUsj/HlLB/yhSuv8yUrP/PFKs/0ZSpf9QUp7/WlKX/2RSkP9uUon/eFKC/+Y8KP/mPCj/5jwo
            /+Y8KP/mPCj/tFJY/75SUf/IUkr/AAAAAAAAAAAAAAAAAAAAABRgyP8eYMH/KGC6/zJgs/88YKz/RmCl/1Bgnv9aYJf/ZGCQ/25gif/mPCj/5jwo/+Y8KP
            /mPCj/5jwo/+Y8KP/mPCj/vmBR/8hgSv8AAAAAAAAAAAAAAAAAAAAAFG7I/x5uwf8obrr/Mm6z/zxurP9GbqX/UG6e/1pul/9kbpD/bm6J/3hugv/mPCj/
            5jwo/+Y8KP/mPCj/5jwo/7RuWP++blH/yG5K/wAAAAAAAAAAAAAAAAAAAAAUfMj/HnzB/yh8uv8yfLP/PHys/0Z8pf9QfJ7/WnyX/2R8kP9ufIn/eHyC/+
            Y8KP/mPCj/5jwo/+Y8KP/mPCj/tHxY/758Uf/IfEr/AAAAAAAAAAAAAAAAAAAAABSKyP8eisH/KIq6/zKKs/88iqz/Roql/1CKnv9aipf/ZIqQ/26Kif94
            ioL/gop7/4yKdP/mPCj/oIpm/6qKX/+0ilj/vopR/8iKSv8AAAAAAAAAAAAAAAAAAAAAFJjI/x6Ywf8omLr/Mpiz/zyYrP9GmKX/UJie/1qYl/9kmJD/bp
            iJ/3iYgv+CmHv/jJh0/5aYbf+gmGb/qphf/7SYWP++mFH/yJhK/wAAAAAAAAAAAAAAAAAAAAAUpsj/HqbB/yimuv8yprP/PKas/0ampf9Qpp7/WqaX/2Sm
            kP9upon/eKaC/4Kme/+MpnT/lqZt/6CmZv+qpl//tKZY/76mUf/Ipkr/AAAAAAAAAAAAAAAAAAAAAB5GWv8eTlr/HlZa/x5eWv8eZlr/Hm5a/x52Wv8efl
            r/HoZa/x6OWv8ellr/Hp5a/x6mWv8erlr/HrZa/x6+Wv8exlr/Hs5a/x7WWv8AAAAAAAAAAAAAAAAAAAAAHkZa/x5OWv8eVlr/Hl5a/x5mWv8eblr/HnZa
            /x5+Wv8ehlr/Ho5a/x6WWv8enlr/HqZa/x6uWv8etlr/Hr5a/x7GWv8ezlr/HtZa/wAAAAAAAAAAAAAAAAAAAAAeRlr/Hk5a/x5WWv8eXlr/HmZa/x5uWv
            8edlr/Hn5a/x6GWv8ejlr/HpZa/x6eWv8eplr/Hq5a/x62Wv8evlr/HsZa/x7OWv8e1lr/
            """)
}
