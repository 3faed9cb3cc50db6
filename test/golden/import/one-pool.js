// One coin, two ports, two nodes: the usual file, every option said once.
var Stratum = require('stratum-pool');

var myCoin = {
    "name": "Ravencoin",
    "symbol": "RVN",
    "algorithm": "kawpow",
    "peerMagic": "5241564e",
    "peerMagicTestnet": "52564e54"
};

var pool = Stratum.createPool({
    "coin": myCoin,
    "address": "R9vME8mUyeranLhysQr1Yzpqj5taHW4Ubu", // gets every block
    "rewardRecipients": {
        "r6y49p663xT3sgyKb2cty8CZk3nLf5rPPU": 1.5,
        "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c": 0.1 // a public key's hash
    },
    "blockRefreshInterval": 1000,
    "getNewBlockAfterFound": true,
    "jobRebroadcastTimeout": 55,
    "connectionTimeout": 60 * 10,
    "emitInvalidBlockHashes": false,
    "tcpProxyProtocol": false,
    "banning": {
        "enabled": true,
        "time": 600,
        "invalidPercent": 50,
        "checkThreshold": 500,
        "purgeInterval": 300
    },
    "ports": {
        "3032": {
            "diff": 0.05,
            "varDiff": {
                "minDiff": 0.01,
                "maxDiff": 512,
                "targetTime": 15,
                "retargetTime": 90,
                "variancePercent": 30
            }
        },
        "3256": { "diff": 2, "tls": true }
    },
    "daemons": [
        { "host": "127.0.0.1", "port": 8766, "user": "ravenrpc", "password": "two: #words" },
        { "host": "192.168.1.10", "port": 8766, "user": "ravenrpc", "password": "other" }
    ],
    "p2p": {
        "enabled": true,
        "host": "127.0.0.1",
        "port": 8767,
        "disableTransactions": true
    },
    "kawpow_validator": "kawpowd",
    "website": { "enabled": true, "port": 80 }
}, function (ip, port, workerName, password, extraNonce1, version, callback) {
    console.log("Authorize " + workerName);
    callback({ error: null, authorized: true, disconnect: false });
});

pool.on('share', function (isValidShare, isValidBlock, data) {
    console.log(isValidBlock ? 'Block found' : 'Share', JSON.stringify(data));
});
pool.on('log', function (severity, text) { console.log(severity, text); });
pool.start();
